namespace Runa.Session.Hosting

open System
open Microsoft.Extensions.Primitives

/// What the scopes of a request's sessions need from their host: its request and its response.
[<AllowNullLiteral>]
type IScopeHost =
    /// The raw Cookie header of the request. It is read once, when the scope is made.
    abstract Cookies: StringValues

    /// When the request came, by the clock of the registry. Asked for only if HostedRegistry.needsArrival is true.
    abstract Arrived: DateTimeOffset

    /// Whether the browser asks in advance for a page that it may never show.
    abstract IsPrefetch: bool

    /// Whether the host has found this session to be its own before, as in a circuit: it stays so, although its bound cookie
    /// ends meanwhile. Asked for only where sessions are bound.
    abstract IsKnown: name: string -> bool

    /// Whether the browser may be able to bind a session to its device. Asked for only where sessions are bound.
    abstract MayBindDevice: bool

    /// Whether the response can still set a cookie: not after its start, and not when the request has ended.
    abstract CanSendCookie: bool

    /// Called when a session is looked at, which makes the response private to shared caches. Raises
    /// InvalidOperationException if that is too late.
    abstract Look: name: string -> unit

    /// Whether the first look would come too late.
    abstract IsTooLate: bool

    /// Called when a session was set, to commit it before the first byte of the response.
    abstract Watch: unit -> unit

    /// Whether the request goes on. Servers use the objects of a request again for the next one.
    abstract IsCurrent: bool

    /// Called when a scope was opened.
    abstract Opened: unit -> unit

    /// Called when a scope was closed. `isStored`: no change was dropped.
    abstract Closed: isStored: bool -> unit
