/// What requests do in an interleaving, and what comes of it.
module internal Runa.Session.Tests.Deeds

open Runa.Session

[<RequireQualifiedAccess>]
type Deed =
    | Increment
    | Read
    | SignIn
    | SignInAsOther
    | Regenerate
    | SignOut
    | SignOutThenFlash
    /// withOwner, which counts too.
    | OwnerIncrement
    /// withSessionTask: another key.
    | Merge
    /// Of alice, from outside.
    | RevokeOwner
    | RevokeAll

let deeds =
    [ Deed.Increment
      Deed.Read
      Deed.SignIn
      Deed.SignInAsOther
      Deed.Regenerate
      Deed.SignOut
      Deed.SignOutThenFlash
      Deed.OwnerIncrement
      Deed.Merge
      Deed.RevokeOwner
      Deed.RevokeAll ]

let count = SessionKey.create<int> "count"
let note = SessionKey.create<string> "note"
/// In the session before everything; it goes wherever that session goes.
let mark = SessionKey.create<string> "mark"
let notice = SessionKey.create<string> "notice"

let increment = Session.update count 0 ((+) 1)

/// Whether it ran as meant ("please sign in" is not), what it was given, and what its response says of the cookie.
[<NoComparison; NoEquality>]
type Response = { Deed: Deed; Failure: exn option; Counted: bool; Seen: Session list; Cookie: CookieChange }

let isDone (response: Response) = response.Failure.IsNone

/// The session as a test looks at it: without times and ids.
type View = { Owner: string option; Count: int; Note: string option; IsMarked: bool; Notices: string list }

let view (session: Session) : View =
    { Owner = Session.owner session
      Count = Session.getOr count 0 session
      Note = Session.tryGet note session
      IsMarked = Session.has mark session
      Notices = fst (Session.takeFlashes notice session) }

let nothing: View = { Owner = None; Count = 0; Note = None; IsMarked = false; Notices = [] }

/// What the step of a pure deed does, and what happens to it if the session is gone; None: it is no step. `counting`: the step
/// that counts.
let tryStep (counting: Session -> Session) (deed: Deed) : (WhenGone * (Session -> Session)) option =
    let plain step = Some(WhenGone.StepAgainUnlessOwned, step)

    match deed with
    | Deed.Increment -> plain counting
    | Deed.Read -> Some(WhenGone.StepAgain, id)
    | Deed.SignIn -> plain (Session.signIn "alice")
    | Deed.SignInAsOther -> plain (Session.signIn "bob")
    | Deed.Regenerate -> plain Session.regenerate
    | Deed.SignOut -> plain Session.signOut
    | Deed.SignOutThenFlash -> plain (Session.signOut >> Session.flash notice "goodbye")
    | Deed.OwnerIncrement ->
        Some(WhenGone.StepAgain, fun session -> if (Session.owner session).IsSome then counting session else session)
    | Deed.Merge
    | Deed.RevokeOwner
    | Deed.RevokeAll -> None
