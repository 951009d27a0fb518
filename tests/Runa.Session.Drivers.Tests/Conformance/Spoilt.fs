/// Ways to spoil the memory driver.
module Runa.Session.Tests.Spoilt

open System
open System.Collections.Concurrent
open System.Runtime.CompilerServices
open System.Text.Json
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance
open Runa.Session.Tests.DocumentDriver

/// What a driver does wrong, the test that must see it, and the driver.
type Mutant = string * string * (TimeProvider -> SessionDriver -> SessionDriver)

/// The same over a store of documents, at which it can look, and which one of several nodes opens.
type StoreSpoil = DocumentStore -> TimeProvider -> SessionDriver -> SessionDriver

type StoreMutant = string * string * StoreSpoil

let none = CancellationToken.None

let load (driver: SessionDriver) key = (driver.Load key none).AsTask()

/// Replaces, whatever version stands.
let overwrite (driver: SessionDriver) key record =
    let rec at (version: RecordVersion) : Task<ReplaceResult> =
        task {
            match! driver.Replace key version record none with
            | ReplaceResult.Conflict current -> return! at current.Version
            | result -> return result
        }

    ValueTask<ReplaceResult>(at (RecordVersion.RecordVersion 0L))

let withRecord (change: SessionRecord -> SessionRecord) (driver: SessionDriver) =
    { driver with
        Create = fun key record token -> driver.Create key (change record) token
        Replace = fun key version record token -> driver.Replace key version (change record) token }

/// Touch as a write of its own: read, changed, written.
let withTouch (touch: DateTimeOffset -> SessionRecord -> SessionRecord) (driver: SessionDriver) =
    { driver with
        Touch =
            fun key idleExpiresAt token ->
                ValueTask<bool>(
                    task {
                        match! driver.Touch key DateTimeOffset.MinValue token with
                        | false -> return false
                        | true ->
                            match! load driver key with
                            | ValueNone -> return false
                            | ValueSome record ->
                                let! result = overwrite driver key (touch idleExpiresAt record)
                                return result.IsReplaced
                    }
                ) }

let withOwners (change: OwnerIndex -> OwnerIndex) (driver: SessionDriver) =
    { driver with Owners = ValueOption.map change driver.Owners }

let valueTask (work: unit -> Task<'T>) : ValueTask<'T> = ValueTask<'T>(work ())
