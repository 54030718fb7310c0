/**
 * Why the main tag moves: I5, that it does not without a cause, and I2, that it does where there is one. Each step is a tick, in
 * which GitLab may be down for the checkers or for the runners, clusters die and return, checkers do a round or none, runners are
 * full or asleep after an outage, and reads fail.
 *
 * Three ticks are a lease; a living checker does a round at least every other tick, jobs report at least every other tick,
 * and a runner sleeps for one tick at most. A claim is part of its round here (claim.als has its inside).
 */
module silence

open util/ordering[Tick] as ticks

/** What can be taken out. Each has a command of its own, which must find a counterexample. */
abstract sig Guard {}
one sig RollCallBeforeTakeover, SilenceBelievedOnlyWithAnOwnAnswer, BusyManagersAnswer, HeardForALease,
  ConfirmByTheHoldersStamps, UnknownIsNotOfflineInTheCheckerTheRoll, FutureDatedLeaseRefused, NoStampWithoutAKnownCount,
  AChallengerAtWorkMayBelieveASilence extends Guard {}
one sig Removed { guards: set Guard }

/** A time that has passed; the last stands for all that is longer. */
sig Tick {}
fun more[t: Tick]: lone Tick { t.next + (t & last) }
fun t2: one Tick { first.next.next }
fun t3: one Tick { t2.next }
fun t4: one Tick { t3.next }
/** A count, up to two. */
fun onceMore[t: Tick]: one Tick { t = first => first.next else t2 }
fun over[t: Tick]: set Tick { t.nexts }
fun upTo[t: Tick]: set Tick { t + t.prevs }

sig Cluster {
  /** Since its last stamp. */
  var age: one Tick,
  /** Its stamps have followed each other for so long. */
  var touch: one Tick,
  /** Since GitLab heard its managers, as GitLab shows it. */
  var contact: one Tick,
  /** GitLab has heard them without a gap for so long. */
  var heard: lone Tick,
  /** Its memory: the holder's stamps in a row that called it faint, and how long the holder has been silent. */
  var faint: one Tick,
  var quiet: lone Tick,
  /** History: how many of its stamps in this term said that it is faint. */
  var sick: one Tick,
  /** History: how long its runners have worked. */
  var well: one Tick
}
var one sig Holder in Cluster {}

/** Its last stamp said that enough of its runners are online. */
var sig Said in Cluster {}
/** Its lease is dated ahead of GitLab's time. */
var sig Ahead in Cluster {}
/** The holder has stamped since they looked last. */
var sig News in Cluster {}
/** History: how long the holder has not been alive. */
var one sig Gap in Tick {}

// ---- what happens in a tick ----

/** Their runners work. */
var sig Alive in Cluster {}
/** Their checkers do a round. */
var sig Acts in Cluster {}
/** Kubernetes does not tell them how many runners are ready. */
var sig Uncounted in Cluster {}
/** Their read of the holder's managers fails. */
var sig Blind in Cluster {}
/** All their runners are at work and do not poll; some job reports. */
var sig Full in Cluster {}
var sig Reports in Full {}
/** GitLab shows running jobs. */
var sig Busy in Cluster {}
/** Their roll was called and nobody has answered yet. */
var sig Called in Cluster {}
/** Their runners sleep their unhealthy_interval. */
var sig Asleep in Cluster {}
/** GitLab gives the checkers, or the runners, no answer. */
one sig GitLab {}
var sig Down, Deaf in GitLab {}
/** History: for how long the runners have had none, and since when they have had one again. */
var one sig DeafFor, HeardAgain in Tick {}

/** Their managers contact GitLab if their roll is called. */
fun polling: set Cluster { some Deaf => none else Alive - Full - Asleep }

/** They take the last jobs that they can run. */
fun fills: set Cluster { Alive' & Full' - (Alive & Full) }

/** What this tick may be like after the last one (unprimed). */
pred world {
  some Down' implies no Acts'
  NoStampWithoutAKnownCount in Removed.guards or no Acts' & Uncounted'
  Asleep' in Alive' and (some Asleep' implies some Deaf and no Deaf')
  // Who takes a job has polled for it.
  some fills implies no Deaf' and no fills & Asleep'
  Reports' in Alive' and (some Reports' implies no Deaf')
  no Deaf + Deaf' implies (Full & Full' & Alive & Alive') - Reports in Reports'
  Busy' = (Full' & Alive') + (Busy - Alive')
  DeafFor' = (some Deaf' implies more[DeafFor] else first)
  HeardAgain' = (some Deaf' implies first else more[HeardAgain])
}

// ---- a round of `c` (primed: this tick; unprimed: what the last one left) ----

/** assess.ts: the lease has lapsed, or is none at all (lease.ts leaseFrom). It is read before any stamp of this tick. */
pred silent[c: Cluster] {
  Holder in Ahead implies FutureDatedLeaseRefused not in Removed.guards
  else more[Holder.age] in over[t3]
}

fun challengers: set Cluster { { c: Acts' - Holder | silent[c] } }

/** roll.ts answered, for the holder. */
pred answers[c: Cluster] {
  Holder in polling' + Reports' or (BusyManagersAnswer not in Removed.guards and Holder in Busy' and vouched[c])
}
/** roll-call.ts vouchFor: while GitLab has heard `c` for less than that itself, running jobs vouch for the holder anyway. */
pred vouched[c: Cluster] {
  Holder in fills or more[Holder.contact] in upTo[t4] or no c.heard' & over[t4]
}

/** roll.ts answered, for `c` itself; decide.ts heardLater. */
pred ownAnswers[c: Cluster] {
  c in polling' + Reports' or (AChallengerAtWorkMayBelieveASilence not in Removed.guards and heardLater[c])
}
pred heardLater[c: Cluster] {
  let later = c.contact'.next.next.next | some later and later in upTo[silentFor[c]] & upTo[more[Holder.contact]]
}

/** memory.ts standGround: how long the silence has stood for `c`. */
fun silentFor[c: Cluster]: lone Tick {
  c not in Acts' => more[c.quiet] else not silent[c] => none else no c.quiet => first else more[c.quiet]
}

/** memory.ts countStamp: only a stamp that was not counted before counts. */
fun counted[c: Cluster]: one Tick {
  (c not in Acts' or silent[c]) => c.faint
    else Holder in Said => first
    else (c in News or ConfirmByTheHoldersStamps in Removed.guards) => onceMore[c.faint]
    else c.faint
}

/** decide.ts silenceNotConfirmed. */
pred believed[c: Cluster] {
  RollCallBeforeTakeover in Removed.guards
  or (c in Blind' and UnknownIsNotOfflineInTheCheckerTheRoll in Removed.guards)
  or (c not in Blind' and not answers[c] and (ownAnswers[c] or SilenceBelievedOnlyWithAnOwnAnswer in Removed.guards))
}

/** decide.ts notEligible, rivals.ts notHeard. */
pred eligible[c: Cluster] {
  c in Acts' & Alive'
  c.touch' in t3 + over[t3]
  HeardForALease in Removed.guards or (some c.heard' and c.heard' in t3 + over[t3])
}

/** decide.ts: the claims of this tick. */
fun claimants: set Cluster {
  { c: Acts' - Holder | eligible[c] and (silent[c] implies believed[c] else counted[c] = t2) }
}

/** lease.ts heardSince, by a contact from before this round's own roll call. */
fun heardNow[c: Cluster]: lone Tick {
  c not in Acts' => more[c.heard]
    else (more[c.contact] in over[t3]) => none
    else (no c.heard or c.age in over[t2]) => more[c.contact]
    else more[c.heard]
}

/** Their roll is called in this tick, or was and nobody has answered; who starts asks at once as if it had been. */
fun called: set Cluster { Called + Acts' + (Alive' - Alive) + (some challengers => Holder else none) }

/** GitLab hears their managers in this tick: who lives asks until GitLab answers. */
fun contacts: set Cluster { Reports' + fills + (polling' & called) }

/** report.ts leaseOf. */
pred stamps {
  all c: Cluster {
    c.well' = (c in Alive' implies more[c.well] else first)
    c.age' = (c in Acts' implies first else more[c.age])
    // lease.ts inTouchSince.
    c.touch' = (c in Acts' and c.age in over[t2] implies first else more[c.touch])
    c.heard' = heardNow[c]
    c.contact' = (c in contacts implies first else more[c.contact])
  }
  Said' = (Said - Acts') + (Acts' & ((Uncounted' & Said) + (Alive' - Uncounted')))
  Ahead' = Ahead - Acts'
  Called' = called - contacts
}

/** The first of all claimants holds the next term, and the memory of the last one is void. */
pred moves {
  no claimants implies Holder' = Holder else Holder' in claimants
  all c: Cluster {
    c.sick' = (Holder' != Holder implies first else c in Acts' - Said' implies onceMore[c.sick] else c.sick)
    c.faint' = (Holder' != Holder implies first else counted[c])
    c.quiet' = (Holder' != Holder implies none else silentFor[c])
  }
  News' = (Holder' != Holder implies Cluster else (News - Acts') + (Holder in Acts' implies Cluster else none))
  Gap' = (Holder' in Alive' implies first else more[Gap])
}

pred behaves { always ((world and stamps and moves) or always rests) }

/** With all guards, and without one of them. */
pred whole { behaves and no Removed.guards }
pred without[g: Guard] { behaves and Removed.guards = g }

/** Only at the end of a trace, so that the search for 20 ticks is one for fewer as well. */
pred rests {
  age' = age and touch' = touch and contact' = contact and heard' = heard and faint' = faint and quiet' = quiet
  sick' = sick and well' = well and Holder' = Holder and Said' = Said and Ahead' = Ahead and News' = News and Gap' = Gap
  Alive' = Alive and Acts' = Acts and Uncounted' = Uncounted and Blind' = Blind and Full' = Full and Reports' = Reports
  Busy' = Busy and Called' = Called and Asleep' = Asleep and Down' = Down and Deaf' = Deaf
  DeafFor' = DeafFor and HeardAgain' = HeardAgain
}

/**
 * Assumed: the runners' outages are a lease apart, and runners fall asleep only by one that also breaks `heard`. What happens
 * otherwise is shown by the runs outage_after_outage and short_outage.
 */
pred apart { always (some Deaf' and no Deaf implies HeardAgain in over[t3]) }
pred sleepsAfterLong { always (rests or no Asleep' or DeafFor in over[t3]) }
pred careful { fresh and apart and sleepsAfterLong }

// ---- what must hold ----

/** All is new: nobody has been in touch. */
pred fresh {
  age = Cluster -> first and touch = Cluster -> first and contact = Cluster -> first and no heard
  faint = Cluster -> first and no quiet
  well = Alive -> last + (Cluster - Alive) -> first and sick = Alive -> first + (Cluster - Alive) -> first.next
  Said = Alive and Called = Cluster and no Ahead and News = Cluster and Busy = Full & Alive
  Gap = first and DeafFor = first and HeardAgain = first
}

/** No move but from a holder whose runners did not work in one of the last ticks, or said so in two stamps, the last among them. */
pred I5 { always (Holder' = Holder or Holder.well' in upTo[t2] or (Holder.sick = t2 and Holder not in Said)) }

check I5_holds { careful and whole implies I5 } for 2 but 3 Cluster, 6 Tick, exactly 20 steps expect 0

check without_roll_call_before_takeover {
  careful and without[RollCallBeforeTakeover] implies I5
} for 2 but 6 Tick, exactly 12 steps expect 1
check without_silence_believed_only_with_an_own_answer {
  careful and without[SilenceBelievedOnlyWithAnOwnAnswer] implies I5
} for 2 but 6 Tick, exactly 12 steps expect 1
check without_busy_managers_answer {
  careful and without[BusyManagersAnswer] implies I5
} for 2 but 6 Tick, exactly 12 steps expect 1
check without_heard_for_a_lease { careful and without[HeardForALease] implies I5 } for 2 but 6 Tick, exactly 14 steps expect 1
check without_confirm_by_the_holders_stamps {
  careful and without[ConfirmByTheHoldersStamps] implies I5
} for 2 but 6 Tick, exactly 12 steps expect 1
check without_unknown_is_not_offline_in_the_checker_the_roll {
  careful and without[UnknownIsNotOfflineInTheCheckerTheRoll] implies I5
} for 2 but 6 Tick, exactly 12 steps expect 1

/** Whatever came before: some cluster has been eligible for a lease and stays so, GitLab answers, and nobody reads in vain. */
one sig Witness in Cluster {}
pred served {
  Witness.touch in over[t2] and some Witness.heard and Witness.heard in over[t2]
  Witness.age in upTo[first.next] and Witness.contact in upTo[t2]
  Cluster.faint in upTo[t2] and Gap = first
  always (no Down + Deaf and Witness not in Asleep + Blind and Witness in Alive)
  always (rests or Witness in Acts + Acts')
  // A cluster that has fallen silent without runners stays so: a checker that comes and goes begins its lease anew each time.
  always (rests or Holder not in Acts' - Alive' or Holder.age in upTo[first.next])
}

/** For fewer ticks than there are in scope the fleet has no living holder. */
pred I2 { always Gap != last }

check I2_holds { served and whole implies I2 } for 2 but 14 Tick, exactly 24 steps expect 0
check without_future_dated_lease_refused {
  served and without[FutureDatedLeaseRefused] implies I2
} for 2 but 14 Tick, exactly 24 steps expect 1
check without_no_stamp_without_a_known_count {
  served and without[NoStampWithoutAKnownCount] implies I2
} for 2 but 14 Tick, exactly 24 steps expect 1
check without_a_challenger_at_work_may_believe_a_silence {
  served and without[AChallengerAtWorkMayBelieveASilence] implies I2
} for 2 but 14 Tick, exactly 24 steps expect 1

// ---- what can happen: of nothing at all every check is true ----

run a_dead_holder_loses_it {
  careful and whole and eventually (Holder' != Holder and Holder.sick = first)
} for 2 but 6 Tick, exactly 12 steps expect 1
run a_faint_holder_loses_it {
  careful and whole and eventually (Holder' != Holder and Holder.sick = t2)
} for 2 but 6 Tick, exactly 12 steps expect 1

// ---- what is not promised, or should be mended (README.md): each moves the tag from a holder that is well ----

run short_outage { fresh and apart and whole and not I5 } for 2 but 6 Tick, exactly 12 steps expect 1
run outage_after_outage { fresh and sleepsAfterLong and whole and not I5 } for 2 but 6 Tick, exactly 12 steps expect 1
