namespace Runa.Session

open System

/// The parts of a record that have been read so far. They are mutable, since a copy for each property would cost more than
/// to read it.
[<Struct; NoComparison; NoEquality>]
type internal RecordParts =
    { mutable Format: int voption
      mutable Version: int64 voption
      mutable Scope: string | null
      mutable MovedTo: StoreKey voption
      mutable Created: DateTimeOffset voption
      mutable SignedIn: DateTimeOffset voption
      mutable Seen: DateTimeOffset voption
      mutable ExpiresAt: DateTimeOffset voption
      mutable IdleExpiresAt: DateTimeOffset voption
      mutable Owner: string option
      mutable Label: string option
      mutable Client: SessionClient option
      mutable Rotation: SessionRotation option
      mutable Device: DeviceBinding option
      mutable Sealed: string | null
      mutable Claims: Map<string, string list>
      mutable Flashes: Flash list
      mutable Values: Map<string, string> }

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
          Client = None
          Rotation = None
          Device = None
          Sealed = null
          Claims = Map.empty
          Flashes = []
          Values = Map.empty }
