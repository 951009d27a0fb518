namespace Runa.Session.Conformance

open System

/// What one request does to its session, one thing after another.
[<RequireQualifiedAccess>]
type internal Change =
    | Set of key: string * value: int
    | Increment of key: string
    | Remove of key: string
    | Flash of string
    | TakeFlashes
    | Clear
    | Label of string
    | Client of address: string
    | Regenerate
    | Destroy
    | SignIn of owner: string
    | WithLifetime of minutes: int

/// What happens next. Browsers are numbers.
[<RequireQualifiedAccess>]
type internal Operation =
    /// A request with a pure step.
    | Step of browser: int * Change list
    /// A run-once request begins: it loads.
    | Load of browser: int
    /// It ends: what it made of what it loaded is committed.
    | Commit of browser: int * Change list
    /// The second browser has the cookie of the first from now on.
    | Copy of browser: int * into: int
    | RevokeOwner of string
    | RevokeOthers of browser: int
    | RevokeAll
    | Devices of owner: string
    | Purge
    | Tick of seconds: int

/// One interleaving.
[<StructuredFormatDisplay("{Text}")>]
type internal Story =
    | Story of Operation list

    member story.Text =
        let (Story operations) = story

        operations
        |> List.mapi (fun index operation -> $"\n  {index + 1, 2}. " + (sprintf "%A" operation).Replace("\n", ""))
        |> String.concat ""

    override story.ToString() = story.Text
