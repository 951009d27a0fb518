namespace Runa.Session

open System
open System.Buffers.Binary
open System.Text

/// Writes fields as bytes for MACs, associated data and key derivation. Each field follows its length, so no two lists
/// of fields give the same bytes.
module internal LengthPrefixed =
    let bytes (fields: string list) : byte[] =
        fields
        |> Seq.collect (fun field ->
            let text = Encoding.UTF8.GetBytes field
            let size = Array.zeroCreate 4
            BinaryPrimitives.WriteInt32BigEndian(Span size, text.Length)
            Array.append size text)
        |> Array.ofSeq
