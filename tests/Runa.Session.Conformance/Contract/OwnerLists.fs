/// Reading an owner index in full.
module internal Runa.Session.Conformance.OwnerLists

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records

/// One page, which is never longer than it may be.
let page (index: OwnerIndex) scope owner from : Task<OwnedPage> =
    task {
        let! page = index.List scope owner from CancellationToken.None
        (page.Items.Length + page.Unreadable.Length, 100)
        |> Expect.isLessThanOrEqual "a page is at most 100"
        return page
    }

/// All pages, from a place on.
let pages (index: OwnerIndex) scope owner (from: string option) : Task<OwnedPage list> =
    let rec next from (found: OwnedPage list) =
        task {
            let! page = page index scope owner from

            match page.Next with
            | Some _ as place -> return! next place (page :: found)
            | None -> return List.rev (page :: found)
        }

    next from []

/// What stands on them, behind what was found before.
let rest (index: OwnerIndex) scope owner (from: string option) (found: OwnedRecord list) : Task<OwnedRecord list> =
    task {
        let! pages = pages index scope owner from
        return found @ (pages |> List.collect _.Items)
    }

let list (bench: Bench) scope owner : Task<OwnedRecord list> = rest bench.Owners scope owner None []

let keyTexts (items: OwnedRecord list) : string list =
    items |> List.map (fun item -> StoreKey.toText item.Key) |> List.sort

/// The listing is exactly these keys, each once.
let lists (bench: Bench) (what: string) scope owner (keys: StoreKey list) =
    task {
        let! found = list bench scope owner
        keyTexts found |> Expect.equal what (keys |> List.map StoreKey.toText |> List.sort)
    }

let owned scope owner (bench: Bench) = live scope bench.Now |> withOwner (Some owner)

let createAll (bench: Bench) (keys: StoreKey[]) (record: int -> SessionRecord) =
    Crowd.run keys.Length (fun n ->
        task {
            let! isCreated = Ask.create bench.Driver keys[n] (record n)
            isCreated |> Expect.isTrue "created"
        })
