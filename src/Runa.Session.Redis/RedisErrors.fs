namespace Runa.Session

open System
open System.Threading.Tasks
open StackExchange.Redis

/// Interprets errors of StackExchange.Redis.
module internal RedisErrors =
    /// Error codes with which a server refuses a command before it does anything.
    let private refusals =
        set
            [ "OOM"
              "READONLY"
              "NOREPLICAS"
              "MISCONF"
              "LOADING"
              "BUSY"
              "MASTERDOWN"
              "CLUSTERDOWN"
              "MOVED"
              "ASK"
              "TRYAGAIN"
              "CROSSSLOT"
              "NOAUTH"
              "WRONGPASS"
              "NOPERM"
              "WRONGTYPE"
              "NOSCRIPT"
              "EXECABORT" ]

    /// The code of an error. Redis before 7 reports an error inside a script as "ERR Error running script (…):
    /// @user_script: 2: -OOM command …".
    let private code (message: string) =
        let text =
            match message.IndexOf(": -", StringComparison.Ordinal) with
            | at when at >= 0 && message.Contains("running script", StringComparison.Ordinal) ->
                message.Substring(at + 3)
            | _ -> message

        match text.IndexOf ' ' with
        | -1 -> text
        | space -> text.Substring(0, space)

    let is (wanted: string) (error: exn) =
        match error with
        | :? RedisServerException -> code error.Message = wanted
        | _ -> false

    let isWrongType (error: exn) = is "WRONGTYPE" error

    /// Whether the server is full. A transaction only learns that it was discarded.
    let isFull (error: exn) = is "OOM" error || is "EXECABORT" error

    let private isOfUnknownCommand (error: RedisServerException) =
        match error.Kind with
        | RedisErrorKind.UnknownCommand
        | RedisErrorKind.NotPermitted
        | RedisErrorKind.MaxClients
        | RedisErrorKind.UnknownRedirectTarget -> true
        | _ -> false

    let private isUnsent (status: CommandStatus) =
        status = CommandStatus.WaitingToBeSent || status = CommandStatus.WaitingInBacklog

    /// Whether certainly nothing was written. Every script of this driver begins with the write that a server may
    /// refuse, so an error inside a script came before its first write. A failure after a part was done is raised by
    /// `partly`, and is not a refusal.
    let isRefusal (error: exn) : bool =
        match error with
        | :? RedisServerException as error -> refusals.Contains(code error.Message) || isOfUnknownCommand error
        | :? RedisConnectionException as error -> isUnsent error.CommandStatus
        | :? RedisTimeoutException as error -> isUnsent error.Commandstatus
        // The client raises this before it sends a command that is disabled, or that would go to a replica.
        | :? RedisCommandException -> true
        | _ -> false

    /// The exception for a failure after something was written. It leaves out the error's own message, which may
    /// contain keys (promise 5).
    let partly (what: string) (error: exn) : exn =
        let why =
            match error with
            | :? RedisServerException -> code error.Message
            | _ -> error.GetType().Name

        RedisException($"{what} ({why}). The cause is the inner exception.", error)

    /// Whether the connection broke after a command was sent: it may have been dead for some time.
    let isCut (error: exn) : bool =
        match error with
        | :? RedisConnectionException as error ->
            match error.FailureType with
            | ConnectionFailureType.SocketClosed
            | ConnectionFailureType.SocketFailure
            | ConnectionFailureType.InternalFailure
            | ConnectionFailureType.ProtocolFailure -> not (isUnsent error.CommandStatus)
            | _ -> false
        | _ -> false

    /// Reads, and tries once more if the connection broke.
    let readTwice (read: unit -> Task<'T>) : Task<'T> =
        task {
            try
                return! read ()
            with error when isCut error ->
                return! read ()
        }

    /// Ignores a failure of work that nobody waits for.
    let ignored (work: Task) : unit =
        work.ContinueWith(
            (fun (failed: Task) -> failed.Exception |> ignore),
            TaskContinuationOptions.OnlyOnFaulted ||| TaskContinuationOptions.ExecuteSynchronously
        )
        |> ignore
