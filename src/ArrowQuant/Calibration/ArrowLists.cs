using Apache.Arrow;
using Apache.Arrow.Types;

namespace ArrowQuant.Calibration;

/// <summary>
/// Lists of Arrow arrays, with every offset checked: the library itself takes offsets of a file on trust and reads outside of its memory.
/// </summary>
internal static class ArrowLists
{
    /// <summary>The values of all lists of an array, or null when it does not hold lists.</summary>
    public static IArrowArray? ValuesOf(IArrowArray lists) => lists switch
    {
        ListArray list => list.Values,
        LargeListArray list => list.Values,
        FixedSizeListArray list => list.Values,
        _ => null,
    };

    /// <summary>Where the values of one list lie.</summary>
    /// <exception cref="InvalidDataException">The offsets leave the values.</exception>
    public static Range RangeOf(IArrowArray lists, int i)
    {
        IArrowArray values = ValuesOf(lists) ?? throw new InvalidDataException("the array does not hold lists");
        (long start, long end) = lists switch
        {
            ListArray list => (list.ValueOffsets[i], list.ValueOffsets[i + 1]),
            LargeListArray list => (list.ValueOffsets[i], list.ValueOffsets[i + 1]),
            _ => FixedRange((FixedSizeListArray)lists, i),
        };
        if (start < 0 || end < start || end > values.Length)
            throw new InvalidDataException($"list {i} covers values {start}..{end} of {values.Length}");
        return new Range(values, (int)start, (int)end);
    }

    private static (long Start, long End) FixedRange(FixedSizeListArray lists, int i)
    {
        long size = ((FixedSizeListType)lists.Data.DataType).ListSize;
        return ((lists.Offset + (long)i) * size, (lists.Offset + (long)i + 1) * size);
    }

    /// <summary>A part of an array.</summary>
    /// <param name="Values">The array.</param>
    /// <param name="Start">The first value.</param>
    /// <param name="End">One past the last.</param>
    internal readonly record struct Range(IArrowArray Values, int Start, int End);
}
