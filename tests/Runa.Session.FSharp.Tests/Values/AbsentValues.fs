/// Values that hold None, unit or null where types are made by the compiler or generic. Compiled twice: here, with nullable
/// references, and in Runa.Session.WithoutNullable.
#if WITHOUT_NULLABLE
module Runa.Session.Tests.WithoutNullable.AbsentValues
#else
module Runa.Session.Tests.AbsentValues
#endif

open System

/// What is done with each value.
type Visitor =
    abstract Visit<'T when 'T: equality> : name: string * value: 'T -> unit

type Line = { Sku: string; Note: string option }
type Generic<'T> = { Inner: 'T }

type Mixed =
    { Anonymous: {| Coupon: string option; Count: int |}
      Several: {| Note: string option |} list
      Nothing: unit }

type Coupon() =
    member val Code: string option = None with get, set
    member val Nothing: unit = () with get, set
    member val Held: {| Depth: int option |} = {| Depth = None |} with get, set

    override coupon.Equals other =
        match other with
        | :? Coupon as other -> coupon.Code = other.Code && coupon.Held = other.Held
        | _ -> false

    override _.GetHashCode() = 0

type Holder<'T when 'T: equality>(value: 'T) =
    member _.Value = value

    override _.Equals other =
        match other with
        | :? Holder<'T> as other -> value = other.Value
        | _ -> false

    override _.GetHashCode() = 0

let private none: string option = None

let visit (visitor: Visitor) =
    visitor.Visit("None in an anonymous record", {| Coupon = none |})
    visitor.Visit("Some in an anonymous record", {| Coupon = Some "a" |})
    visitor.Visit("None in a struct anonymous record", struct {| Coupon = none; Count = 1 |})
    visitor.Visit("ValueNone in a struct anonymous record", struct {| Coupon = (ValueNone: string voption); U = () |})
    visitor.Visit("unit in an anonymous record", {| U = () |})
    visitor.Visit("a list of anonymous records", [ {| Coupon = none; U = () |} ])
    visitor.Visit("an array of struct anonymous records", [| struct {| Coupon = none; U = () |} |])
    visitor.Visit("a tuple of anonymous records", ({| C = none |}, struct {| D = (None: int option) |}))
    visitor.Visit("a struct tuple of an anonymous record and unit", struct ({| C = none |}, ()))
    visitor.Visit("nested anonymous records", {| A = {| B = {| C = none; D = [ None; Some 1 ] |} |} |})
    visitor.Visit("an option of an anonymous record", Some {| C = none |})
    visitor.Visit("no option of an anonymous record", (None: {| C: string option |} option))
    visitor.Visit("a voption of an anonymous record", ValueSome {| C = none |})
    visitor.Visit("a voption of a struct anonymous record", ValueSome(struct {| C = none |}))
    visitor.Visit("no anonymous record in an anonymous record", {| A = (None: {| B: int |} option) |})
    visitor.Visit("a map of anonymous records", Map [ "a", {| C = none; V = (ValueNone: int voption) |} ])
    visitor.Visit("a map of None in an anonymous record", {| M = Map [ "a", none ] |})
    visitor.Visit("units in an anonymous record", {| U = [ (); () ] |})
    visitor.Visit("null in an anonymous record", {| S = Unchecked.defaultof<string>; T = 1 |})
    visitor.Visit("Nullable in an anonymous record", {| S = Nullable<int>(); T = Nullable 1 |})
    visitor.Visit("None in a generic record", { Inner = none })
    visitor.Visit("unit in a generic record", { Inner = () })
    visitor.Visit("an anonymous record in a generic record", { Inner = {| C = none |} })
    visitor.Visit("None in a record", { Sku = "a"; Note = None })
    visitor.Visit("None in a tuple", (none, (ValueNone: string voption), (), (None: Line option)))

    visitor.Visit(
        "anonymous records in a record",
        { Anonymous = {| Coupon = None; Count = 1 |}; Several = [ {| Note = None |} ]; Nothing = () }
    )

    visitor.Visit("None and unit in a class", Coupon())
    visitor.Visit("Some in a class", Coupon(Code = Some "a", Held = {| Depth = Some 1 |}))
    visitor.Visit("None in a generic class", Holder none)
    visitor.Visit("an anonymous record in a generic class", Holder {| C = none |})
