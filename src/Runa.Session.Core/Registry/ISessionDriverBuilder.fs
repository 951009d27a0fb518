namespace Runa

open System
open Runa.Session

/// Takes drivers by name. The builder of AddRunaSession implements it, so that the packages of drivers can extend it
/// without knowing it.
type ISessionDriverBuilder =
    /// Registers a driver under the name by which a session's options choose it. It replaces an earlier driver of this
    /// name. The function creates it from the application's services at startup, and it is disposed together with them.
    abstract AddDriver: name: string * factory: Func<IServiceProvider, SessionDriver> -> unit
