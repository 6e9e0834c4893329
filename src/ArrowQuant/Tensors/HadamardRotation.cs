using System.Numerics;
using ArrowQuant.Kernels;

namespace ArrowQuant.Tensors;

/// <summary>
/// The block Hadamard rotation of rows: in each group the first 2^k columns, 2^k the largest power of two that the group holds, are
/// multiplied by signs and by the orthonormal Walsh-Hadamard matrix; columns behind them stay as they are. Signs follow from the seed and
/// the column: column c has -1 where bit 63 of SplitMix64's output for the state <c>seed + (c + 1) * 0x9E3779B97F4A7C15</c> is set.
/// Two rotations are equal when seed and groups are.
/// </summary>
public sealed class HadamardRotation : IEquatable<HadamardRotation>
{
    private readonly Lazy<float[]> _signs;

    /// <summary>The rotation of a seed for rows that are cut into groups.</summary>
    public HadamardRotation(uint seed, GroupLayout groups)
    {
        Seed = seed;
        Groups = groups;
        _signs = new Lazy<float[]>(() => [.. Enumerable.Range(0, groups.Columns).Select(column => SignOf(seed, column))]);
    }

    /// <summary>What the signs follow from.</summary>
    public uint Seed { get; }

    /// <summary>The groups, each of which is rotated by itself.</summary>
    public GroupLayout Groups { get; }

    /// <summary>The sign of a column: 1 or -1.</summary>
    public static float SignOf(uint seed, int column)
    {
        ulong mixed = seed + ((ulong)column + 1) * 0x9E3779B97F4A7C15;
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
        return (mixed ^ mixed >> 31) >> 63 == 0 ? 1f : -1f;
    }

    /// <inheritdoc/>
    public bool Equals(HadamardRotation? other) => other is not null && other.Seed == Seed && other.Groups == Groups;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as HadamardRotation);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Seed, Groups);

    /// <summary>Rotates [rows, columns] values in place.</summary>
    internal void Rotate(KernelSet kernels, Span<float> rows) => Turn(rows, kernels.Rotate);

    /// <summary>Undoes <see cref="Rotate"/>.</summary>
    internal void RotateBack(KernelSet kernels, Span<float> rows) => Turn(rows, kernels.RotateBack);

    private void Turn(Span<float> rows, Transform transform)
    {
        ReadOnlySpan<float> signs = _signs.Value;
        for (int row = 0; row < rows.Length; row += Groups.Columns)
        {
            for (int g = 0; g < Groups.GroupsPerRow; g++)
            {
                int start = g * Groups.GroupSize;
                int length = 1 << BitOperations.Log2((uint)Groups.LengthOf(g));
                transform(rows.Slice(row + start, length), signs.Slice(start, length));
            }
        }
    }

    private delegate void Transform(Span<float> values, ReadOnlySpan<float> signs);
}
