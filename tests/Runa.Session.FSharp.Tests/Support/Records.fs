/// Records of every kind, for properties.
module internal Runa.Session.Tests.Records

open System
open FsCheck
open FsCheck.FSharp
open Runa.Session

let private text: Gen<string> =
    let chars =
        Gen.frequency
            [ 6, Gen.choose (32, 126) |> Gen.map (char >> string)
              2, Gen.elements [ "\""; "\\"; "\u0000"; "\u001f"; "<"; "é"; "漢"; "😀"; "\u2028" ] ]

    Gen.listOf chars |> Gen.map (String.concat "") |> Gen.resize 12

let private json: Gen<string> =
    Gen.elements
        [ "1"
          "-0"
          "1.10"
          "1e400"
          "\"\""
          "\"\\u0000\""
          "\"漢😀\""
          "null"
          "{ \"b\" : 1, \"a\":[ ] }"
          "[1,\n 2]"
          String('[', 64) + String(']', 64)
          "{\"version\":\"1\"}" ]

let private instant: Gen<DateTimeOffset> =
    gen {
        let! ticks =
            Gen.choose64 (DateTimeOffset.MinValue.UtcTicks + 900_000_000_000L, DateTimeOffset.MaxValue.UtcTicks)
        return DateTimeOffset(ticks, TimeSpan.Zero)
    }

let private version: Gen<int64> =
    Gen.oneof
        [ Gen.choose64 (Int64.MinValue, Int64.MaxValue)
          Gen.elements [ 0L; -1L; Int64.MaxValue; Int64.MinValue ] ]

let private key: Gen<StoreKey> =
    Gen.arrayOfLength 16 (Gen.choose (0, 255) |> Gen.map byte)
    |> Gen.map (fun bytes -> StoreKey.ofBytes (ReadOnlySpan bytes))

let private map (item: Gen<'V>) = Gen.listOf (Gen.zip text item) |> Gen.map Map.ofList |> Gen.resize 6

let private flash: Gen<Flash> =
    Gen.map3 (fun id key json -> ({ Id = id; Key = key; Json = json }: Flash)) version text json

let private client: Gen<SessionClient> =
    Gen.map2
        (fun address agent -> ({ Address = address; Agent = agent }: SessionClient))
        (Gen.optionOf text)
        (Gen.optionOf text)

let private rotation: Gen<SessionRotation> =
    Gen.map3
        (fun generation at seen -> ({ Generation = generation; RotatedAt = at; SeenAt = seen }: SessionRotation))
        (Gen.choose (0, 0xFFFFFF))
        instant
        (Gen.optionOf instant)

let private device: Gen<DeviceBinding> =
    Gen.oneof [ Gen.map DeviceBinding.Offered text; Gen.map DeviceBinding.Bound text ]

let private state: Gen<SessionState> =
    gen {
        let! values = map json
        let! flashes = Gen.listOf flash |> Gen.resize 4
        let! owner = Gen.optionOf text
        let! claims = map (Gen.listOf text |> Gen.resize 3)
        let! label = Gen.optionOf text
        let! client = Gen.optionOf client
        let! rotation = Gen.optionOf rotation
        let! device = Gen.optionOf device
        let! created = instant
        let! signedIn = Gen.optionOf instant
        let! seen = instant
        let! ends = instant

        return
            ({ Values = values
               Flashes = flashes
               Owner = owner
               Claims = claims
               Label = label
               Client = client
               Rotation = rotation
               Device = device
               CreatedAt = created
               SignedInAt = signedIn
               LastSeenAt = seen
               ExpiresAt = ends }
            : SessionState)
    }

/// Live ones, tombstones and sealed ones.
let record: Gen<SessionRecord> =
    gen {
        let! version = version
        let! scope = text
        let! state = state
        let! idleExpiresAt = Gen.optionOf instant

        let! kind =
            Gen.oneof
                [ Gen.constant RecordKind.Live
                  key |> Gen.map RecordKind.Moved
                  Gen.constant (RecordKind.Sealed "abc_-") ]

        return
            ({ Version = RecordVersion.RecordVersion version
               Scope = scope
               State = state
               IdleExpiresAt =
                 (match idleExpiresAt with
                  | Some at -> ValueSome at
                  | None -> ValueNone)
               Kind = kind }
            : SessionRecord)
    }
