namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks

/// Reads the list of an owner's records, which a driver gives in pages (promise 27).
module internal OwnerPages =
    let read
        (definition: SessionDefinition)
        (index: OwnerIndex)
        (owner: string)
        (from: string option)
        : ValueTask<OwnedPage> =
        DriverCall.run definition "list" false (index.List definition.Scope owner from)

    /// The page that begins where the caller says, who may be wrong. That is no failure of the store: raises
    /// ArgumentException.
    let readFrom
        (definition: SessionDefinition)
        (index: OwnerIndex)
        (owner: string)
        (next: string)
        : ValueTask<OwnedPage> =
        let list token =
            ValueTask<Result<OwnedPage, ArgumentException>>(
                task {
                    try
                        let! page = index.List definition.Scope owner (Some next) token
                        return Ok page
                    with :? ArgumentException as e ->
                        return Error e
                }
            )

        ValueTask<OwnedPage>(
            task {
                match! DriverCall.run definition "list" false list with
                | Ok page -> return page
                | Error e ->
                    return
                        raise (
                            ArgumentException(
                                $"No page of the sessions \"{definition.Name}\" begins at this text: the driver \"{definition.Driver.Name}\" does not know it. Pass the Next of the page before, of the same driver and owner, or none for the first page.",
                                nameof next,
                                e
                            )
                        )
            }
        )

    /// Reads one page after another until `isEnough` says so of one, or there is none left. Returns whether all were read.
    /// Raises OperationCanceledException if the token is cancelled; `isEnough` is not asked after that.
    let walk
        (definition: SessionDefinition)
        (index: OwnerIndex)
        (owner: string)
        (token: CancellationToken)
        (isEnough: OwnedPage -> Task<bool>)
        : Task<bool> =
        task {
            let mutable place = None
            let mutable isLast = false

            while not isLast do
                token.ThrowIfCancellationRequested()
                let! page = read definition index owner place
                token.ThrowIfCancellationRequested()
                let! isEnough = isEnough page
                place <- page.Next
                isLast <- isEnough || place.IsNone

            return place.IsNone
        }
