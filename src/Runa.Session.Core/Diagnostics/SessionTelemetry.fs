namespace Runa.Session

open System
open System.Diagnostics
open System.Diagnostics.Metrics

/// A load or a commit that somebody watches: what was begun for those who listen.
[<Struct; NoComparison; NoEquality>]
type internal Watched =
    {
        /// Null: nobody listens to activities, or this one is not sampled.
        Activity: Activity | null
        /// A Stopwatch timestamp.
        Started: int64
    }

/// How a load or a commit ended.
[<Struct; NoComparison; NoEquality>]
type internal WatchedEnd =
    {
        /// A word of docs/run/telemetry.md.
        Outcome: string
        /// The type of an exception. Null: none was raised.
        Error: string | null
        /// Zero for a load.
        Attempts: int
    }

/// What is counted, measured and traced of one registered session. While nobody listens, no call here takes a time,
/// makes a tag or allocates.
[<Sealed>]
type internal SessionTelemetry(telemetry: Telemetry, session: string, driver: string) =
    let session = TelemetryTags.session session
    let driver = TelemetryTags.driver driver

    let count (counter: Counter<int64>) (number: int64) =
        if counter.Enabled then
            counter.Add(number, session, driver)

    let countAs (counter: Counter<int64>) (outcome: string) =
        if counter.Enabled then
            counter.Add(1L, session, driver, TelemetryTags.outcome outcome)

    let start (name: string) : Watched =
        let activity = Telemetry.Source.StartActivity name

        match activity with
        | null -> ()
        | activity -> activity.SetTag(session.Key, session.Value).SetTag(driver.Key, driver.Value) |> ignore

        { Activity = activity; Started = Stopwatch.GetTimestamp() }

    let finish (duration: Histogram<float>) (watched: Watched) (ended: WatchedEnd) : unit =
        let outcome = TelemetryTags.outcome ended.Outcome

        if duration.Enabled then
            duration.Record((Stopwatch.GetElapsedTime watched.Started).TotalSeconds, session, driver, outcome)

        match watched.Activity with
        | null -> ()
        | activity ->
            activity.SetTag(outcome.Key, outcome.Value) |> ignore

            if ended.Attempts > 0 then
                activity.SetTag("runa.session.attempts", ended.Attempts) |> ignore

            match ended.Error with
            | null -> ()
            | error -> activity.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error) |> ignore

            activity.Dispose()

    let finishCommit (watched: Watched) (ended: WatchedEnd) : unit =
        if telemetry.Attempts.Enabled then
            telemetry.Attempts.Record(ended.Attempts, session, driver, TelemetryTags.outcome ended.Outcome)

        finish telemetry.CommitDuration watched ended

    member _.CountsLoads = telemetry.Loaded.Enabled || telemetry.Missed.Enabled

    /// Whether anybody wants to know of a load from a store.
    member this.WatchesLoads =
        this.CountsLoads || telemetry.LoadDuration.Enabled || Telemetry.Source.HasListeners()

    member _.Load() : Watched = start "runa.session.load"

    /// `outcome`: found, gone, moved, taken or unreadable.
    member this.LoadEnded(watched: Watched, outcome: string) : unit =
        this.Loaded outcome
        finish telemetry.LoadDuration watched { Outcome = outcome; Error = null; Attempts = 0 }

    member _.LoadFailed(watched: Watched, e: exn) : unit =
        finish telemetry.LoadDuration watched { Outcome = "failed"; Error = e.GetType().FullName; Attempts = 0 }

    /// Whether anybody wants to know of a commit.
    member _.WatchesCommits =
        telemetry.CommitDuration.Enabled || telemetry.Attempts.Enabled || Telemetry.Source.HasListeners()

    member _.Commit() : Watched = start "runa.session.commit"

    member _.CommitEnded(watched: Watched, outcome: string, attempts: int) : unit =
        finishCommit watched { Outcome = outcome; Error = null; Attempts = attempts }

    member _.CommitFailed(watched: Watched, e: exn, attempts: int) : unit =
        let outcome =
            match e with
            | :? SessionConflictException -> "conflict"
            | :? SessionTooLargeException -> "too_large"
            | :? SessionLimitException -> "limit"
            | :? SessionUnprovenException -> "unproven"
            | :? OperationCanceledException -> "cancelled"
            | _ -> "failed"

        finishCommit watched { Outcome = outcome; Error = e.GetType().FullName; Attempts = attempts }

    /// Whether anybody wants to know what was written.
    member _.CountsWrites =
        telemetry.Created.Enabled
        || telemetry.Saved.Enabled
        || telemetry.Destroyed.Enabled
        || telemetry.Size.Enabled

    member _.MeasuresSizes = telemetry.Size.Enabled

    /// `outcome`: found, gone, moved, taken or unreadable.
    member _.Loaded(outcome: string) =
        if outcome = "found" then
            count telemetry.Loaded 1L
        else
            countAs telemetry.Missed outcome

    member _.Created() = count telemetry.Created 1L
    /// `outcome`: changed or moved.
    member _.Saved(outcome: string) = countAs telemetry.Saved outcome
    member _.Size(bytes: int) = telemetry.Size.Record(bytes, session, driver)
    member _.Touched() = count telemetry.Touched 1L
    member _.Destroyed() = count telemetry.Destroyed 1L

    /// `outcome`: asked or limit.
    member _.Revoked(number: int, outcome: string) =
        if number > 0 && telemetry.Revoked.Enabled then
            telemetry.Revoked.Add(int64 number, session, driver, TelemetryTags.outcome outcome)

    member _.Conflict() = count telemetry.Conflicts 1L
    member _.Dropped() = count telemetry.Dropped 1L
    member _.Undecodable() = count telemetry.Undecodable 1L
    member _.Unreadable(number: int) = count telemetry.Unreadable (int64 number)
    /// `outcome`: revoked or ignored.
    member _.TheftSuspected(outcome: string) = countAs telemetry.Thefts outcome
    /// A browser was offered to bind a session to its device.
    member _.DeviceOffered() = count telemetry.DevicesOffered 1L
    /// The binding of a session came into force.
    member _.DeviceBound() = count telemetry.DevicesBound 1L
    /// `outcome`: registered, refreshed, challenged, refused, wrong_key or failed.
    member _.DeviceAsked(outcome: string) = countAs telemetry.DeviceProofs outcome
    /// A request came that is not of the session's device.
    member _.Unproven() = count telemetry.Unproven 1L
    member _.ForeignToken() = count telemetry.Foreign 1L
    /// `outcome`: timeout, refused or failed.
    member _.StoreFailure(outcome: string) = countAs telemetry.Failures outcome
