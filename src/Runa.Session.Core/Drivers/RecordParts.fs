namespace Runa.Session

open System

/// The parts of a record that have been read so far.
[<Struct; NoComparison; NoEquality>]
type internal RecordParts =
    { Format: int voption
      Version: int64 voption
      Scope: string | null
      MovedTo: StoreKey voption
      Created: DateTimeOffset voption
      SignedIn: DateTimeOffset voption
      Seen: DateTimeOffset voption
      ExpiresAt: DateTimeOffset voption
      IdleExpiresAt: DateTimeOffset voption
      Owner: string option
      Label: string option
      Sealed: string | null
      Claims: Map<string, string list>
      Flashes: Flash list
      Values: Map<string, string> }

module internal RecordParts =
    let none: RecordParts =
        { Format = ValueNone
          Version = ValueNone
          Scope = null
          MovedTo = ValueNone
          Created = ValueNone
          SignedIn = ValueNone
          Seen = ValueNone
          ExpiresAt = ValueNone
          IdleExpiresAt = ValueNone
          Owner = None
          Label = None
          Sealed = null
          Claims = Map.empty
          Flashes = []
          Values = Map.empty }
