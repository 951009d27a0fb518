namespace Runa

open System.Threading
open System.Threading.Tasks

/// Hears what happens to sessions. Register one or several with the services of the application.
type ISessionEvents =
    /// Called after the fact, for one event after another, in the order in which they were noticed in this process. No request
    /// waits for it. An exception is logged, and the next event follows. The token is cancelled when the application has
    /// stopped and does not wait any longer.
    abstract OnSessionEventAsync: sessionEvent: SessionEvent * cancellationToken: CancellationToken -> ValueTask
