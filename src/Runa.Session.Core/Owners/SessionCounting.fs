namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks

/// Counts sessions, where the driver can.
module internal SessionCounting =
    /// The live sessions of the definition, however long that takes.
    let live (definition: SessionDefinition) (token: CancellationToken) : Task<SessionCount> =
        match definition.Driver.Count with
        | ValueSome count -> DriverCall.runLong definition "count" false token (count definition.Scope)
        | ValueNone ->
            raise (
                NotSupportedException
                    $"The driver \"{definition.Driver.Name}\" of the session \"{definition.Name}\" cannot count sessions. Choose a driver that can, such as memory, sql or redis."
            )
