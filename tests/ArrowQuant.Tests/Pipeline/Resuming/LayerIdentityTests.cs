using ArrowQuant.Configuration;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Resuming;
using ArrowQuant.Tests.Methods;

namespace ArrowQuant.Tests.Pipeline.Resuming;

/// <summary>What blocks that are taken over depend on.</summary>
public sealed class LayerIdentityTests
{
    /// <summary>
    /// Purpose: a block is not taken over when rows that it was compensated with have changed. Input: the recipe best without data at two
    /// bits, where one grid is the only one. Expected: the layer depends on its row sample, but for models whose rows stand for nothing,
    /// and at widths or layouts that have no trellis.
    /// </summary>
    [Theory]
    [InlineData(2, true, LayoutChoice.Recipe, true)]
    [InlineData(2, false, LayoutChoice.Recipe, false)]
    [InlineData(8, true, LayoutChoice.Recipe, false)]
    [InlineData(2, true, LayoutChoice.Affine, false)]
    public void DependsOnSample_BestWithoutData_WhereRowsCompensate(int bits, bool rowsTell, LayoutChoice layout, bool expected)
    {
        LayerRequest request = new LayerFixture(new float[64 * 64], ActivationSamples.Pooled(new float[64], 64, [0], 1)).Request() with
        {
            BitWidth = bits,
            RowsTellInputs = rowsTell,
            Config = new() { Recipe = Recipe.Best, Layout = layout },
            Recipe = LayerRecipe.Resolve(new Strategy(MethodNames.Gptq, "none"), null).WithoutCalibration("missing", "no data"),
        };
        Assert.Equal(expected, new LayerIdentity(null!, null!, request).DependsOnSample);
    }
}
