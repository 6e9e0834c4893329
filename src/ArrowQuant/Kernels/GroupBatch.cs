using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>
/// Walks over the groups of some rows in batches of one group per lane: first all full groups in order, then all short last groups.
/// A batch holds the weights lane-wise, each group scaled by a power of two so that its largest weight is near 1.
/// </summary>
internal unsafe struct GroupBatch<T>
    where T : unmanaged, ILanes<T>
{
    private readonly int _fullGroups;
    private readonly int _groupsPerRow;
    private readonly int _groupSize;
    private readonly int _remainder;
    private readonly long _fullCount;
    private readonly long _total;
    private long _first;
    private long _next;
    private fixed float _restore[16];

    public GroupBatch(GroupRows rows)
    {
        _fullGroups = rows.FullGroups;
        _groupsPerRow = rows.GroupsPerRow;
        _groupSize = rows.GroupSize;
        _remainder = rows.Remainder;
        _fullCount = (long)rows.Rows * _fullGroups;
        _total = _fullCount + (_remainder > 0 ? rows.Rows : 0);
    }

    /// <summary>Groups in the batch; lanes behind them repeat the last group.</summary>
    public int Lanes { get; private set; }

    /// <summary>Weights in each group of the batch.</summary>
    public int Length { get; private set; }

    /// <summary>
    /// Loads the next batch into <paramref name="x"/>: [length, lanes] values, and with column weights as many weights behind them; false
    /// when there is none.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Next(GroupRows rows, float* x)
    {
        if (_next >= _total) return false;
        bool full = _next < _fullCount;
        _first = _next;
        Length = full ? _groupSize : _remainder;
        Lanes = (int)Math.Min(T.Count, (full ? _fullCount : _total) - _first);
        _next += Lanes;
        float** sources = stackalloc float*[T.Count];
        fixed (float* values = rows.Values)
        {
            for (int lane = 0; lane < T.Count; lane++) sources[lane] = values + Start(Math.Min(lane, Lanes - 1), rows.Columns);
            Transposition.Move(sources, T.Count, Length, x, T.Count);
        }

        Normalize(x);
        if (!rows.ColumnWeights.IsEmpty) LoadWeights(rows, x + (nint)Length * T.Count);
        return true;
    }

    /// <summary>Where the lane's group is in row-major [rows, groups per row].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int GroupIndex(int lane)
    {
        (long row, int group) = Locate(lane);
        return (int)(row * _groupsPerRow + group);
    }

    /// <summary>The power of two that brings fitted values back to the scale of the weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Restore(int lane) => _restore[lane];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void LoadWeights(GroupRows rows, float* h)
    {
        float** sources = stackalloc float*[T.Count];
        fixed (float* weights = rows.ColumnWeights)
        {
            for (int lane = 0; lane < T.Count; lane++)
                sources[lane] = weights + (nint)Locate(Math.Min(lane, Lanes - 1)).Group * _groupSize;
            Transposition.Move(sources, T.Count, Length, h, T.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly (long Row, int Group) Locate(int lane)
    {
        long index = _first + lane;
        return index < _fullCount ? (index / _fullGroups, (int)(index % _fullGroups)) : (index - _fullCount, _fullGroups);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly nint Start(int lane, int columns)
    {
        (long row, int group) = Locate(lane);
        return (nint)(row * columns + (long)group * _groupSize);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Normalize(float* x)
    {
        float* factors = stackalloc float[16];
        T largest = T.Of(0f);
        for (int i = 0; i < Length; i++) largest = T.Max(largest, T.Abs(T.Load(x + (nint)i * T.Count)));
        T.Store(largest, factors);
        for (int lane = 0; lane < T.Count; lane++)
        {
            factors[lane] = FloatStorage.NormalizingFactor(factors[lane]);
            _restore[lane] = 1f / factors[lane];
        }

        T factor = T.Load(factors);
        for (int i = 0; i < Length; i++) T.Store(T.Load(x + (nint)i * T.Count) * factor, x + (nint)i * T.Count);
    }
}
