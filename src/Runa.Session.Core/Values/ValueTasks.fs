namespace Runa.Session

open System.Threading.Tasks

/// Continues a ValueTask. If it has completed already, as in most requests, nothing is awaited and nothing is
/// allocated.
module internal ValueTasks =
    let inline map ([<InlineIfLambda>] change: 'A -> 'B) (work: ValueTask<'A>) : ValueTask<'B> =
        if work.IsCompletedSuccessfully then
            ValueTask<'B>(change work.Result)
        else
            ValueTask<'B>(
                task {
                    let! answer = work
                    return change answer
                }
            )

    let inline bind ([<InlineIfLambda>] next: 'A -> ValueTask<'B>) (work: ValueTask<'A>) : ValueTask<'B> =
        if work.IsCompletedSuccessfully then
            next work.Result
        else
            ValueTask<'B>(
                task {
                    let! answer = work
                    return! next answer
                }
            )
