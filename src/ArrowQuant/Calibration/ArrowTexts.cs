using System.Text;
using Apache.Arrow;

namespace ArrowQuant.Calibration;

/// <summary>Texts of Arrow arrays, plain or dictionary-encoded, with every offset checked as in <see cref="ArrowLists"/>.</summary>
internal static class ArrowTexts
{
    /// <summary>The texts, null where there is none; null when the array does not hold text.</summary>
    /// <exception cref="InvalidDataException">An offset or a dictionary index leaves its array.</exception>
    public static string?[]? Read(IArrowArray array)
    {
        switch (array)
        {
            case StringArray texts:
                return Read(texts, texts.ValueBuffer.Span, i => (texts.ValueOffsets[i], texts.ValueOffsets[i + 1]));
            case LargeStringArray texts:
                return Read(texts, texts.ValueBuffer.Span, i => (texts.ValueOffsets[i], texts.ValueOffsets[i + 1]));
            case DictionaryArray coded when Read(coded.Dictionary) is { } words:
                string?[] found = new string?[coded.Length];
                int next = 0;
                foreach (int index in coded.EnumeratePhysicalIndices())
                {
                    bool isThere = !coded.Indices.IsNull(next);
                    if (isThere && (uint)index >= (uint)words.Length)
                        throw new InvalidDataException($"row {next} names word {index} of {words.Length}");
                    found[next++] = isThere ? words[index] : null;
                }

                return found;
            default:
                return null;
        }
    }

    private static string?[] Read(IArrowArray array, ReadOnlySpan<byte> bytes, Func<int, (long Start, long End)> rangeOf)
    {
        string?[] texts = new string?[array.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            if (array.IsNull(i)) continue;
            (long start, long end) = rangeOf(i);
            if (start < 0 || end < start || end > bytes.Length)
                throw new InvalidDataException($"text {i} covers bytes {start}..{end} of {bytes.Length}");
            texts[i] = Encoding.UTF8.GetString(bytes[(int)start..(int)end]);
        }

        return texts;
    }
}
