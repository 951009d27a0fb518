namespace Runa.Session

open System

/// What a session says to an application that uses it in a way which would lose a change.
module internal Misuse =
    /// A step asks for its own session, which could never come to its turn.
    let nested (name: string) : exn =
        InvalidOperationException
            $"A step for the session \"{name}\" asked for the same session again, to change or commit it: it would wait for itself, and a step may run again. Use the session that the step is given, and do the rest after the step."

    /// A run-once step sets its own session beside the one that it hands back.
    let setInStep (name: string) : exn =
        InvalidOperationException
            $"The step for \"{name}\" called ctx.SetSession for its own session: one of the two would be lost. Hand it back instead."

    /// The session is loaded again over changes that are not committed.
    let reloaded (name: string) : exn =
        InvalidOperationException
            $"The session \"{name}\" has changes that are not committed: loading it again would lose them. Commit first."
