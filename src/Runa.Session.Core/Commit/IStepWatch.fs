namespace Runa.Session

/// Told by the engine when a step of its request begins and ends, and what its commit finds. Null: there is nothing to tell.
[<AllowNullLiteral>]
type internal IStepWatch =
    /// Whether the response can still set a cookie.
    abstract CanSendCookie: bool

    /// Whether the response can offer the browser to bind a session to its device.
    abstract OffersDevice: bool

    /// Called when the step begins on this thread. Returns the argument for EndStep.
    abstract BeginStep: unit -> int

    /// Called when the step has ended.
    abstract EndStep: before: int -> unit

    /// Called when a commit finds that another request has ended the session, or has moved it to another id.
    abstract SawEnd: unit -> unit
