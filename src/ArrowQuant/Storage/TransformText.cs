using System.Globalization;
using ArrowQuant.Tensors;

namespace ArrowQuant.Storage;

/// <summary>The text forms of transforms that a reader undoes: <c>none</c>, or <c>hadamard:</c> with the seed in decimal digits.</summary>
internal static class TransformText
{
    private const string Prefix = "hadamard:";

    /// <summary>The text of a rotation, or of none.</summary>
    public static string Of(HadamardRotation? rotation) =>
        rotation is null ? ArtefactLayout.None : string.Create(CultureInfo.InvariantCulture, $"{Prefix}{rotation.Seed}");

    /// <summary>The rotation that a text means for rows of some groups; null for none.</summary>
    /// <exception cref="InvalidDataException">The text is neither.</exception>
    public static HadamardRotation? Parse(string text, GroupLayout groups)
    {
        if (text == ArtefactLayout.None) return null;
        HadamardRotation? rotation = text.StartsWith(Prefix, StringComparison.Ordinal)
            && uint.TryParse(text.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out uint seed)
            ? new HadamardRotation(seed, groups)
            : null;
        return rotation is not null && Of(rotation) == text
            ? rotation
            : throw new InvalidDataException($"{ArtefactLayout.Transform} '{text}' is not known (known: {ArtefactLayout.None}, {Prefix}SEED)");
    }
}
