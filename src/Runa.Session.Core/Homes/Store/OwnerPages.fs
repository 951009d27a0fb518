namespace Runa.Session

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
