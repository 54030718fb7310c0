/**
 * Term numbers: I6. A term is a file that one claimant creates; what is asked here is whether a number can be given twice,
 * skipped, or begun again, whoever crashes, whenever GitLab applies a request, and whatever files are lost.
 *
 * Why a cluster claims is left out: any checker may claim in any round, so every rule of decide.ts that holds it back is
 * covered (silence.als has those).
 */
module claim

open util/ordering[Number] as numbers

/** What can be taken out. Each has a command of its own, which must find a counterexample. */
abstract sig Guard {}
one sig NumberAboveEveryLease, AClaimedTermGoesIntoTheLeaseAtOnce, CreatedNotSaved extends Guard {}
one sig Removed { guards: set Guard }

/** The first is no term: it stands for the status project itself. */
sig Number {
  /** Whom terms/<number>.json names. */
  var file: lone Cluster
}

sig Cluster {
  /** The highest term that its lease knows. */
  var lease: one Number
}

/** A process. A cluster may have none or two at a time. */
sig Checker {
  of: one Cluster,
  /** The number that it claims in this round. */
  var wants: lone Number,
  /** Its create that GitLab has not applied yet, and may never apply; the sender may be gone. */
  var sent: lone Number
}
/** History: the numbers that were ever created. */
var sig Made in Number {}
/** History: the numbers that a fault has kept or taken out of a lease. */
var sig Hidden in Number {}

pred start {
  no file and no wants and no sent and no Hidden
  Cluster.lease = first
  Made = first
}

fun upTo[n: Number]: set Number { n + n.prevs }

// ---- a round ----

/** read-members.ts termsOf. Without the guard the files alone count. */
fun known: one Number {
  NumberAboveEveryLease in Removed.guards => first else max[Cluster.lease]
}

/** newest-term.ts newestTerm: forward from `known` until a number that has no file. */
fun newest: one Number {
  { n: known + known.nexts | (all m: known.nexts & upTo[n] | some m.file) and no n.next.file }
}

/** observe.ts, report.ts stamp, decide.ts claim, claim.ts: a stamp with all that is known, and a create of the number above. */
pred claims[k: Checker] {
  no k.wants
  some newest.next
  lease' = lease ++ k.of -> max[newest + k.of.lease]
  wants' = wants + k -> newest.next
  sent' = sent ++ k -> newest.next
  file' = file and Made' = Made and Hidden' = Hidden
}

/** GitLab applies a create: the first of all claimants wins, whether its sender still waits or not. */
pred lands[k: Checker] {
  some k.sent
  sent' = sent - k -> Number
  (no k.sent.file or CreatedNotSaved in Removed.guards) implies {
    file' = file ++ k.sent -> k.of
    Made' = Made + k.sent
    Hidden' = Hidden + (k.sent - k.wants)
  } else {
    file' = file and Made' = Made and Hidden' = Hidden
  }
  lease' = lease and wants' = wants
}

/**
 * claim.ts, report.ts stampTerm: after whatever answer the file tells, and the number goes into the lease in the same round.
 * Without the guard the round just ends.
 */
pred stamps[k: Checker] {
  some k.wants.file
  wants' = wants - k -> Number
  AClaimedTermGoesIntoTheLeaseAtOnce in Removed.guards implies {
    lease' = lease and Hidden' = Hidden
  } else {
    lease' = lease ++ k.of -> k.wants
    // The stamp of a process that was overtaken by another of its cluster.
    Hidden' = Hidden + (upTo[k.of.lease] & k.wants.nexts)
  }
  file' = file and sent' = sent and Made' = Made
}

// ---- faults ----

/** Between any two calls, or it gives up. What is on its way stays on its way. */
pred crashes[k: Checker] {
  some k.wants
  wants' = wants - k -> Number
  Hidden' = Hidden + (k.wants & Made)
  file' = file and lease' = lease and sent' = sent and Made' = Made
}

/**
 * A force push takes files away. Assumed is one fault at a time: not while a claimant has not learned that its number
 * is taken, nor while a number is in no lease because of another fault.
 */
pred loses {
  file' in file and file' != file
  no (Checker.wants + Checker.sent) & Made
  Hidden in upTo[max[Cluster.lease]]
  lease' = lease and wants' = wants and sent' = sent and Made' = Made and Hidden' = Hidden
}

/** Only at the end of a trace, so that the search for 20 steps is one for fewer as well. */
pred rests {
  file' = file and lease' = lease and wants' = wants and sent' = sent and Made' = Made
  Hidden' = Hidden
}

pred step {
  loses or (some k: Checker | claims[k] or lands[k] or stamps[k] or crashes[k])
}

pred behaves { start and always (step or always rests) }

/** With all guards, and without one of them. */
pred whole { behaves and no Removed.guards }
pred without[g: Guard] { behaves and Removed.guards = g }

// ---- what must hold ----

/** A new term is one above all there ever were: they rise by one, each has one author, lost files never restart them. */
pred rises {
  all n: Number | (some n.file' and n.file' != n.file) implies (n not in Made and n.prevs in Made and no n.nexts & Made)
}
pred I6 { always rises }

check I6_holds { whole implies I6 } for 2 but 4 Number, exactly 20 steps expect 0

/** What holds in every state, and makes the next one as good: with it I6 is shown for traces of any length. */
pred invariant {
  no Removed.guards
  file.Cluster + Cluster.lease + Hidden in Made and first in Made - file.Cluster
  // No gap, and nobody asks for a number that leaves one.
  (Made + Checker.wants + Checker.sent).prevs in Made
  all n: Made - upTo[max[Cluster.lease]] | some n.file and n in Hidden + Checker.wants
  // While somebody does not know that his number is taken, nothing is lost.
  all n: Made & (Checker.wants + Checker.sent) | all m: (n + n.nexts) & Made | some m.file
}
check begins { start and no Removed.guards implies invariant } for 4 but 6 Number, exactly 1 steps expect 0
check lasts { invariant and step implies rises and after invariant } for 4 but 6 Number, exactly 2 steps expect 0

check without_number_above_every_lease { without[NumberAboveEveryLease] implies I6 } for 2 but 4 Number, 1..20 steps expect 1
check without_a_claimed_term_goes_into_the_lease_at_once {
  without[AClaimedTermGoesIntoTheLeaseAtOnce] implies I6
} for 2 but 4 Number, 1..20 steps expect 1
check without_created_not_saved { without[CreatedNotSaved] implies I6 } for 2 but 4 Number, 1..20 steps expect 1

// ---- what can happen: of nothing at all every check is true ----

run three_terms_and_a_loss {
  whole and eventually (loses and after eventually Number in Made)
} for 2 but 4 Number, 1..20 steps expect 1
run late_create {
  whole and eventually (some k: Checker | no k.wants and lands[k] and Made' != Made)
} for 2 but 4 Number, 1..20 steps expect 1
