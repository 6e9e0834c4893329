namespace ArrowQuant.Exports.Gguf;

/// <summary>Sizes of the tensor types, and the number that <c>general.file_type</c> has for a file that is mostly of one.</summary>
internal static class GgmlTypes
{
    /// <summary>Values in one block; a row is whole blocks.</summary>
    public static int BlockLength(this GgmlType type) => type switch
    {
        GgmlType.Q4_1 or GgmlType.Q8_0 => 32,
        GgmlType.Q2_K => 256,
        _ => 1,
    };

    /// <summary>Bytes of one block.</summary>
    public static int BlockBytes(this GgmlType type) => type switch
    {
        GgmlType.Q4_1 => 20,
        GgmlType.Q8_0 => 34,
        GgmlType.Q2_K => 84,
        GgmlType.I8 => 1,
        GgmlType.F16 or GgmlType.BF16 or GgmlType.I16 => 2,
        GgmlType.F32 or GgmlType.I32 => 4,
        _ => 8,
    };

    /// <summary>Bytes of <paramref name="count"/> values, whole blocks.</summary>
    public static long Bytes(this GgmlType type, long count) => checked(count / type.BlockLength() * type.BlockBytes());

    /// <summary>The file type as llama.cpp numbers it; 0 (all F32) for what has no number of its own.</summary>
    public static uint FileType(this GgmlType type) => type switch
    {
        GgmlType.F16 => 1,
        GgmlType.Q4_1 => 3,
        GgmlType.Q8_0 => 7,
        GgmlType.Q2_K => 10,
        GgmlType.BF16 => 32,
        _ => 0,
    };
}
