/**
 * The main tag on the runner records: I1, I8, and of I6 that a lower term never writes over a higher one. Checkers make the
 * records match the newest term while terms change under them, processes die or stall between any two calls, and GitLab applies a
 * write whenever it likes, also long after its sender has gone.
 *
 * A claim is one step, open to any cluster at any time (claim.als has its inside, silence.als the reasons for it).
 */
module tags

open util/ordering[Term] as terms

/** What can be taken out. Each has a command of its own, which must find a counterexample. */
abstract sig Guard {}
one sig OffBeforeOn, TermReadAgainBeforeAWrite, AnOldReadOfARecordWritesNothing, TheCheckOfEveryRecordAfterTheEdits,
  UnknownIsNotOfflineInTheCheckerRecords, ARecordThatIsBeingReplacedCounts, EveryRecordIsReconciled extends Guard {}
one sig Removed { guards: set Guard }

sig Cluster {}

sig Record { of: one Cluster }
/** Those that only the term names, for their cluster's report names others by now (observe.ts completeFromTerm). */
sig Former in Record {}
/** Those that have the main tag in GitLab. */
var sig Tagged in Record {}

/** What each claim will say, if it comes. */
sig Term { holder: one Cluster }
var one sig Newest in Term {}

/** A process, of any cluster: all converge alike. */
sig Checker {
  at: one Cluster,
  /** The records that it saw with the tag, until it has found the term. */
  var saw: set Record,
  /** The term that it found in this round. */
  var under: lone Term,
  /** The records that it has still to edit. */
  var todo: set Record,
  /** Without a guard: the record for which it has taken its look, and not sent the write yet. */
  var aim: lone Record,
  /** Its write that GitLab has not applied yet, with its term; the sender may be gone. */
  var sent: Record -> lone Term,
  /** History: the records that were given the tag, or became late, after it had looked. */
  var unseen: set Record
}
/** They are in a round; of those, they have written. */
var sig Busy in Checker {}
var sig Wrote in Checker {}
/** History: what they have sent was right when it was sent. */
var sig Fair in Checker {}

/**
 * History: the exception of I1. Records that were given the tag by a write that was right when it was sent and landed under a
 * newer term, or by one that landed after the look of the round that then gave it to others. A round that ends well ends it.
 */
var sig Late in Record {}

fun recordsOf[t: Term]: set Record { of.(t.holder) }

pred start {
  Newest = first and Tagged in recordsOf[first]
  no saw and no under and no todo and no aim and no sent and no unseen
  no Busy and no Wrote and no Fair and no Late
}

// ---- a round: what a checker does next ----

pred goes[k: Checker] {
  k not in Busy implies (no k.sent implies observes[k] else lands[k])
  else no k.under implies finds[k]
  else some k.sent implies lands[k]
  else some k.aim implies sends[k]
  else some k.todo implies looks[k]
  else finishes[k]
}

/** observe.ts: reads every record. One that cannot be read stops the round; without that guard it seems to need no edit. */
pred observes[k: Checker] {
  Busy' = Busy + k
  k.saw' in Tagged
  UnknownIsNotOfflineInTheCheckerRecords in Removed.guards or k.saw' = Tagged
  saw' - k -> Record = saw
  unseen' = unseen - k -> Record
  under' = under and todo' = todo and aim' = aim and sent' = sent
  Wrote' = Wrote and Fair' = Fair and Late' = Late and Tagged' = Tagged and Newest' = Newest
}

/** converge.ts tasksOf. */
fun tasks[k: Checker]: set Record {
  Record - (ARecordThatIsBeingReplacedCounts in Removed.guards => Former else none)
    - (EveryRecordIsReconciled in Removed.guards => Record - of.(k.at) else none)
}

/** newest-term.ts, or claim.ts where it has claimed; then converge.ts needsEdit. */
pred finds[k: Checker] {
  under' = under + k -> Newest
  let right = recordsOf[Newest] | todo' = todo + k -> (tasks[k] & ((k.saw - right) + (right - k.saw)))
  saw' = saw - k -> Record
  aim' = aim and sent' = sent and unseen' = unseen
  Busy' = Busy and Wrote' = Wrote and Fair' = Fair and Late' = Late and Tagged' = Tagged and Newest' = Newest
}

/** converge.ts: off before on. */
fun due[k: Checker]: set Record {
  let on = recordsOf[k.under], off = Record - on, first = (OffBeforeOn in Removed.guards => on else off) |
    some k.todo & first => k.todo & first else k.todo
}

/**
 * converge.ts editRecord: reads the record, and whether the term has been followed by another, and sends the write if the look
 * is younger than r: that is one step. Without that guard anything may come between.
 */
pred looks[k: Checker] {
  Newest != k.under and TermReadAgainBeforeAWrite not in Removed.guards implies ends[k] and sent' = sent and Fair' = Fair
  else some r: due[k] {
    (r in Tagged iff r in recordsOf[k.under])
      implies todo' = todo - k -> r and aim' = aim and sent' = sent and Fair' = Fair and Wrote' = Wrote
    else AnOldReadOfARecordWritesNothing in Removed.guards
      implies aim' = aim + k -> r and todo' = todo and sent' = sent and Fair' = Fair and Wrote' = Wrote
    else sending[k, r] and aim' = aim
    saw' = saw and under' = under and Busy' = Busy
  }
  unseen' = unseen and Late' = Late and Tagged' = Tagged and Newest' = Newest
}
pred sending[k: Checker, r: Record] {
  sent' = sent + k -> r -> k.under
  Fair' = (k.under = Newest implies Fair + k else Fair - k)
  Wrote' = Wrote + k and todo' = todo
}
pred sends[k: Checker] {
  sending[k, k.aim]
  aim' = aim - k -> Record
  saw' = saw and under' = under and Busy' = Busy
  unseen' = unseen and Late' = Late and Tagged' = Tagged and Newest' = Newest
}

/** GitLab applies a write. A sender that is still there has its reply. */
pred lands[k: Checker] {
  let r = k.sent.Term, t = Record.(k.sent), on = recordsOf[t] |
  let late = (t = Newest implies (k.unseen & Tagged) - on else k in Fair implies r - Tagged else none) {
    r in on implies {
      Tagged' = Tagged + r
      Late' = Late + late
      unseen' = unseen + (Busy + sent.Term.Record) -> ((r - Tagged) + late)
    } else {
      Tagged' = Tagged - r
      Late' = Late - r
      unseen' = unseen - Checker -> r
    }
    todo' = todo - k -> r
  }
  sent' = sent - k -> Record -> Term
  saw' = saw and under' = under and aim' = aim
  Busy' = Busy and Wrote' = Wrote and Fair' = Fair and Newest' = Newest
}

/** converge.ts lastLook where it has written, else the round was steady: from here on I1's exception is over. */
pred finishes[k: Checker] {
  k not in Wrote implies Late' = Late & k.unseen
  else (Tagged & tasks[k] = recordsOf[k.under] & tasks[k] or TheCheckOfEveryRecordAfterTheEdits in Removed.guards) implies no Late'
  else Late' = Late
  ends[k]
  sent' = sent and unseen' = unseen and Fair' = Fair and Tagged' = Tagged and Newest' = Newest
}

pred ends[k: Checker] {
  saw' = saw - k -> Record and under' = under - k -> Term and todo' = todo - k -> Record and aim' = aim - k -> Record
  Busy' = Busy - k and Wrote' = Wrote - k
}

// ---- what happens to it ----

/** Between any two calls, or a call fails or is not answered in time. What is on its way stays on its way. */
pred crashes[k: Checker] {
  k in Busy
  ends[k]
  sent' = sent and unseen' = unseen and Fair' = Fair and Late' = Late and Tagged' = Tagged and Newest' = Newest
}

/** Some cluster claims the next term. */
pred claim {
  some Newest.next and Newest' = Newest.next
  saw' = saw and under' = under and todo' = todo and aim' = aim and sent' = sent and unseen' = unseen
  Busy' = Busy and Wrote' = Wrote and Fair' = Fair and Late' = Late and Tagged' = Tagged
}

/** Only at the end of a trace, so that the search for 20 steps is one for fewer as well. */
pred rests {
  saw' = saw and under' = under and todo' = todo and aim' = aim and sent' = sent and unseen' = unseen
  Busy' = Busy and Wrote' = Wrote and Fair' = Fair and Late' = Late and Tagged' = Tagged and Newest' = Newest
}

pred step { claim or some k: Checker | goes[k] or crashes[k] }
pred behaves { start and always (step or always rests) }

/** With all guards, and without one of them. */
pred whole { behaves and no Removed.guards }
pred without[g: Guard] { behaves and Removed.guards = g }

// ---- what must hold ----

/** One cluster alone, but for the late write. */
pred I1 { always lone (Tagged - Late).of }

/** What holds in every state, and makes the next one as good: with it I1 is shown for traces of any length. */
pred invariant {
  no Removed.guards
  lone (Tagged - Late).of
  all k: Checker {
    lone k.sent
    k in Busy and some k.sent implies Record.(k.sent) = k.under
    k in Busy implies no k.aim else no k.saw and no k.under and no k.todo and no k.aim
    // What a round did not see has come after its look.
    k in Busy and no k.under implies Tagged in k.saw + k.unseen and no k.sent
    k in Busy and some k.under implies Tagged in recordsOf[k.under] + k.todo + k.unseen
    let t = Record.(k.sent) | k.sent.Term in recordsOf[t] implies some t implies Tagged in recordsOf[t] + k.unseen
    some k.sent implies k in Fair
    // A round that saw one cluster with the tag, and after it another was given it: then the first is late.
    k in Busy implies all p: Tagged - k.unseen, q: (Tagged & k.unseen) - Late | p.of = q.of
  }
  // Looks have an order.
  all k, other: Busy + sent.Term.Record | Tagged & k.unseen in other.unseen or Tagged & other.unseen in k.unseen
}
check begins { start and no Removed.guards implies invariant } for 4 but exactly 1 steps expect 0
check lasts { invariant and (step or rests) implies after invariant } for 4 but 3 Checker, exactly 2 steps expect 0

check without_off_before_on { without[OffBeforeOn] implies I1 } for 2 but 3 Record, 3 Term, exactly 8 steps expect 1
check without_term_read_again_before_a_write { without[TermReadAgainBeforeAWrite] implies I1 } for 2 but exactly 14 steps expect 1
check without_an_old_read_of_a_record_writes_nothing {
  without[AnOldReadOfARecordWritesNothing] implies I1
} for 2 but exactly 16 steps expect 1
check without_the_check_of_every_record_after_the_edits {
  without[TheCheckOfEveryRecordAfterTheEdits] implies I1
} for 2 but 3 Term, exactly 16 steps expect 1
check without_unknown_is_not_offline_in_the_checker_records {
  without[UnknownIsNotOfflineInTheCheckerRecords] implies I1
} for 2 but exactly 14 steps expect 1
check without_a_record_that_is_being_replaced_counts {
  without[ARecordThatIsBeingReplacedCounts] implies I1
} for 2 but exactly 14 steps expect 1
check without_every_record_is_reconciled { without[EveryRecordIsReconciled] implies I1 } for 2 but exactly 14 steps expect 1

/** After a crash anywhere: one checker is left, whatever the records are like; no claim comes, and old writes may still land. */
pred alone[k: Checker] {
  no k.sent and no k.aim and k not in Busy and no k.saw and no k.under and no k.todo and no Late
  all other: Checker | lone other.sent
  always (goes[k] or some other: Checker - k | some other.sent and lands[other])
}
/** I8, and the healing of I1: the records come to match the newest term, and stay so. */
pred I8 { all k: Checker | alone[k] implies eventually always Tagged = recordsOf[Newest] }

check I8_holds { no Removed.guards implies I8 } for 2 but 1 Checker, 3 Record, exactly 20 steps expect 0
check I8_holds_with_late_writes { no Removed.guards implies I8 } for 2 but exactly 20 steps expect 0
check I8_without_every_record_is_reconciled {
  Removed.guards = EveryRecordIsReconciled implies I8
} for 2 but exactly 14 steps expect 1

// ---- what can happen: of nothing at all every check is true ----

run a_move {
  whole and Record.of = Cluster and first.holder != last.holder
  eventually Tagged = recordsOf[first]
  eventually (Newest = last and Tagged = recordsOf[last])
} for exactly 2 Cluster, 2 Record, exactly 2 Term, 1 Checker, exactly 18 steps expect 1
run late_write {
  whole and eventually (some k: Checker | k not in Busy and lands[k] and some Late')
} for 2 but exactly 14 steps expect 1
run crash_after_each_call {
  whole
  eventually (some k: Checker | some k.saw and crashes[k])
  eventually (some k: Checker | some k.todo and no k.sent and crashes[k])
  eventually (some k: Checker | some k.sent and crashes[k])
  eventually (some k: Checker | k in Wrote and no k.todo and no k.sent and crashes[k])
} for 2 but exactly 20 steps expect 1

// ---- an exception of I1 beside the late write (README.md): no write lands under an older term, and yet two have the tag ----

run unseen_tag {
  whole
  always (all k: Checker | lands[k] implies Record.(k.sent) = Newest)
  eventually not lone Tagged.of
} for 2 but exactly 14 steps expect 1
