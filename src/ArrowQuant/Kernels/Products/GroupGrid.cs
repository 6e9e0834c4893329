using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.Products;

/// <summary>What decodes the codes of one group, in registers. Which field is what is up to the <see cref="ICodeGrid{TSelf}"/> that made it.</summary>
/// <param name="First">A table of all values, or the first number of a formula.</param>
/// <param name="Second">The second number of a formula.</param>
/// <param name="Third">The third number of a formula.</param>
internal readonly record struct GroupGrid<T>(T First, T Second, T Third)
    where T : unmanaged, ILanes<T>;
