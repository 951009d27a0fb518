namespace Runa.Session

open System.Diagnostics
open System.Runtime.ExceptionServices
open System.Threading.Tasks

/// Runs work that somebody watches.
module internal Watching =
    /// Runs the work, and tells `ended` or `failed` how it ended. The activity is current for the work only.
    let run (watched: Watched) (work: unit -> ValueTask<'T>) (ended: 'T -> unit) (failed: exn -> unit) : ValueTask<'T> =
        let working =
            try
                work ()
            with e ->
                ValueTask<'T>(Task.FromException<'T> e)

        if working.IsCompletedSuccessfully then
            let answer = working.Result
            ended answer
            ValueTask<'T> answer
        else
            // The caller goes on outside the activity, which ends with the work.
            match watched.Activity with
            | null -> ()
            | activity -> Activity.Current <- activity.Parent

            ValueTask<'T>(
                task {
                    try
                        let! answer = working
                        ended answer
                        return answer
                    with e ->
                        failed e
                        ExceptionDispatchInfo.Throw e
                        return Unchecked.defaultof<'T>
                }
            )
