/// What holds however the requests of an interleaving overtook each other.
module internal Runa.Session.Tests.Invariants

open System
open Runa.Session
open Runa.Session.Tests.Deeds
open Runa.Session.TestSupport
open Runa.Session.Tests.Interleavings

let private isOneOf (deeds: Deed list) (response: Response) = List.contains response.Deed deeds

/// Those that, once acknowledged, end the session that was there.
let private endings (story: Story) =
    [ Deed.SignOut
      Deed.SignOutThenFlash
      Deed.RevokeAll
      if story.Owner = Some "alice" then
          Deed.RevokeOwner ]

let private isEnded (story: Story) = story.Responses |> List.exists (fun r -> isDone r && isOneOf (endings story) r)

let private isHandedOver (story: Story) =
    story.Owner.IsSome
    && story.Responses |> List.exists (fun r -> isDone r && isOneOf [ Deed.SignInAsOther ] r)

/// The next owner's revocation may end it too.
let private mayBeEnded (story: Story) =
    isEnded story || isHandedOver story || story.Responses |> List.exists (isOneOf [ Deed.RevokeOwner ])

let rec private permutations (items: 'T list) : 'T list list =
    match items with
    | [] -> [ [] ]
    | _ ->
        [ for index, item in List.indexed items do
              for rest in permutations (List.removeAt index items) -> item :: rest ]

/// In whatever order the responses reach the browser.
let private everyJar (story: Story) (holds: Session option -> bool) =
    permutations story.Responses
    |> List.map (jar story)
    |> List.distinct
    |> List.forall (fun held -> holds (held |> Option.map (fun token -> (story.World.Find token).Session)))

let private keepsIncrements (story: Story) =
    let counted =
        story.Responses
        |> List.filter (fun r -> isDone r && r.Counted && r.Deed <> Deed.Merge)
        |> List.length

    mayBeEnded story
    || everyJar story (function
        | Some session -> (view session).Count = counted
        | None -> false)

let private keepsMerges (story: Story) =
    let isMerged = story.Responses |> List.exists (fun r -> isDone r && r.Counted && r.Deed = Deed.Merge)

    mayBeEnded story
    || everyJar story (function
        | Some session -> (view session).Note.IsSome = isMerged
        | None -> false)

let private staysDead (story: Story) =
    not (isEnded story) || living story |> List.forall (fun view -> not view.IsMarked)

/// After a logout only those are signed in who signed in on the empty session that it left.
let private staysSignedOut (story: Story) =
    let isNewcomer (response: Response) =
        isDone response
        && isOneOf [ Deed.SignIn; Deed.SignInAsOther ] response
        && (match response.Seen with
            | last :: _ -> Session.status last <> SessionStatus.Active
            | [] -> false)

    // A revocation of alice's sessions does not concern the one that bob took over.
    let isRevokedOnly =
        not (
            story.Responses
            |> List.exists (fun r -> isDone r && r.Deed <> Deed.RevokeOwner && isOneOf (endings story) r)
        )

    not (isEnded story && story.Owner.IsSome)
    || List.exists isNewcomer story.Responses
    || living story
       |> List.forall (fun view -> view.Owner.IsNone || (isRevokedOnly && view.Owner <> story.Owner))

let private keepsSignedIn (story: Story) =
    mayBeEnded story
    || story.Responses |> List.exists (isOneOf [ Deed.SignInAsOther ])
    || not (story.Responses |> List.exists (fun r -> isDone r && r.Deed = Deed.SignIn))
    || everyJar story (function
        | Some session -> Session.owner session = Some "alice"
        | None -> false)

/// Nobody but a logout or a revocation logs a signed-in user out.
let private logsNobodyOut (story: Story) =
    mayBeEnded story
    || story.Owner.IsNone
    || everyJar story (function
        | Some session -> (Session.owner session).IsSome
        | None -> false)

/// A sign-in is refused only where another request moved or ended the session first, and said so.
let private refusesSignInForAReason (story: Story) =
    let reasons = [ Deed.RevokeOwner; Deed.Regenerate; Deed.SignIn; Deed.SignInAsOther ] @ endings story

    story.Responses
    |> List.filter (isOneOf [ Deed.SignIn; Deed.SignInAsOther ])
    |> List.forall (fun r ->
        isDone r
        || story.Responses
           |> List.exists (fun other ->
               not (Object.ReferenceEquals(other, r)) && isDone other && isOneOf reasons other))

/// A revocation that comes after a sign-in's first look at the epoch ends it, or makes it fail.
let private losesAgainstRevocation (story: Story) =
    let steps = List.indexed story.Trace

    let lastOf actor operation limit =
        steps
        |> List.tryFindBack (fun (index, step) -> index < limit && step = (actor, operation))
        |> Option.map fst

    let looks =
        [ for index, response in List.indexed story.Responses do
              if isOneOf [ Deed.SignIn ] response then
                  lastOf (index + 1) StoreOperation.Create steps.Length
                  |> Option.bind (lastOf (index + 1) StoreOperation.Epoch) ]
        |> List.choose id

    let isRevokedAfter look =
        steps
        |> List.exists (fun (index, (_, operation)) ->
            index > look && (operation = StoreOperation.Advance || operation = StoreOperation.DeleteAll))

    looks.IsEmpty
    || not (List.forall isRevokedAfter looks)
    || living story |> List.forall (fun view -> view.Owner <> Some "alice")

let private servesItsOwn (story: Story) =
    story.Responses
    |> List.collect _.Seen
    |> List.forall (fun session ->
        match Session.status session with
        | SessionStatus.Active -> story.World.WasUnder(story.World.Token, session.State)
        | _ -> Session.isEmpty session)

let private leavesNoOrphan (story: Story) = story.World.Orphans(tokens story) = 0

let private failsWithConflict (story: Story) =
    story.Responses
    |> List.forall (fun r ->
        match r.Failure with
        | None
        | Some(:? SessionConflictException) -> true
        | Some _ -> false)

/// Changes the world: to be asked last.
let canSignInAfterwards (story: Story) =
    match jar story story.Responses with
    | None -> true
    | Some token ->
        let mutable isSignedIn = false
        let next = story.World.Do(Deed.SignIn, token, (fun r -> isSignedIn <- isDone r))
        next.IsCompleted && isSignedIn

/// A sign-in under a tombstone that a node put there whose clock is minutes off is given a session of its own at once: nobody
/// can tell how long ago the other answer was sent. Which of the two the browser keeps depends on which comes last.
let private signedInBeside = "who signed in is signed in"

let private all: (string * (Story -> bool)) list =
    [ "an acknowledged increment is in the session that the browser ends with", keepsIncrements
      "a merged change is in the session that the browser ends with", keepsMerges
      "after a logout or a revocation no token leads to the session that was", staysDead
      "after a logout or a revocation nobody is signed in", staysSignedOut
      signedInBeside, keepsSignedIn
      "nobody is logged out by the other", logsNobodyOut
      "a sign-in is refused for a reason", refusesSignInForAReason
      "a sign-in that races a revocation loses", losesAgainstRevocation
      "no request is served what stood under another token", servesItsOwn
      "no living record is out of every token's reach", leavesNoOrphan
      "what fails, fails with a conflict", failsWithConflict
      "the browser can sign in afterwards", canSignInAfterwards ]

/// The rules that this story breaks.
let broken (story: Story) : string list =
    [ for rule, holds in all do
          if not (holds story) then
              rule ]

/// The same, with clocks that are off.
let brokenOnSkewedNodes (story: Story) : string list =
    let isMoved (response: Response) = isOneOf [ Deed.SignIn; Deed.SignInAsOther; Deed.Regenerate ] response

    match broken story with
    | rules when (story.Responses |> List.filter isMoved).Length > 1 -> rules |> List.except [ signedInBeside ]
    | rules -> rules
