namespace Runa.Session

open System

/// Exceptions for an application that uses a session in a way that would lose a change.
module internal Misuse =
    /// A step changes or commits its own session by another call, which would wait for the step itself.
    let nested (name: string) : exn =
        InvalidOperationException
            $"A step for the session \"{name}\" tried to change or commit the same session by another call, which would wait for the step itself. Change the session that the step is given, and do the rest after the step."

    /// A run-once step sets its session and also hands one back.
    let setInStep (name: string) : exn =
        InvalidOperationException
            $"The step for \"{name}\" called ctx.SetSession for its own session: one of the two would be lost. Hand it back instead."

    /// The session is loaded again although it has changes that are not committed.
    let reloaded (name: string) : exn =
        InvalidOperationException
            $"The session \"{name}\" has changes that are not committed: loading it again would lose them. Commit first."

    /// The session is used before it was loaded.
    let notLoaded (name: string) : exn =
        InvalidOperationException
            $"The session \"{name}\" is not loaded in this request: call SessionScope.Load or Prefetch first."
