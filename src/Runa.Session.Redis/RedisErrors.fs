namespace Runa.Session

open System
open System.Threading.Tasks
open StackExchange.Redis

/// What an error of StackExchange.Redis says of what was asked.
module internal RedisErrors =
    /// With these a server refuses a command before it has done anything.
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

    /// Redis before 7 tells of an error inside a script as "ERR Error running script (…): @user_script: 2: -OOM command …".
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

    /// Full. What a transaction is told is only that it was discarded.
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

    /// Whether nothing was written, for certain. Every script of this driver writes first what a server may refuse; so an
    /// error from inside of one came before its first write. What was done by half is told by `partly`, which is none.
    let isRefusal (error: exn) : bool =
        match error with
        | :? RedisServerException as error -> refusals.Contains(code error.Message) || isOfUnknownCommand error
        | :? RedisConnectionException as error -> isUnsent error.CommandStatus
        | :? RedisTimeoutException as error -> isUnsent error.Commandstatus
        // Raised by the client before it sends: a command that is disabled, or that a replica would get.
        | :? RedisCommandException -> true
        | _ -> false

    /// A failure after something was written already. Promise 5: what the error itself says may hold keys.
    let partly (what: string) (error: exn) : exn =
        let why =
            match error with
            | :? RedisServerException -> code error.Message
            | _ -> error.GetType().Name

        RedisException($"{what} ({why}). The cause is the inner exception.", error)

    let private isCut (error: RedisConnectionException) =
        match error.FailureType with
        | ConnectionFailureType.SocketClosed
        | ConnectionFailureType.SocketFailure
        | ConnectionFailureType.InternalFailure
        | ConnectionFailureType.ProtocolFailure -> not (isUnsent error.CommandStatus)
        | _ -> false

    /// Reads, once more where the connection broke in between: a pooled connection may have been dead for long.
    let readTwice (read: unit -> Task<'T>) : Task<'T> =
        task {
            try
                return! read ()
            with :? RedisConnectionException as error when isCut error ->
                return! read ()
        }

    /// What nobody waits for may fail unheard.
    let ignored (work: Task) : unit =
        work.ContinueWith(
            (fun (failed: Task) -> failed.Exception |> ignore),
            TaskContinuationOptions.OnlyOnFaulted ||| TaskContinuationOptions.ExecuteSynchronously
        )
        |> ignore
