using ArrowQuant.Quality;

namespace ArrowQuant.Tests.Quality;

public sealed class OutputFiguresTests
{
    [Fact]
    public void From_GroupsWithoutRows_DoNotCount()
    {
        OutputSums[] sums = [Sums(3, 4, 4, 2), default, Sums(10, 10, 10, 0)];
        OutputFigures figures = OutputFigures.From(sums, default)!;
        Assert.Equal([0.5, null, 0], figures.ErrorOfGroup);
        Assert.Equal([0.5, 0], figures.GroupErrors);
        Assert.Equal(0.25, figures.RelativeError);
        Assert.Equal(0.5, figures.WorstError);
        Assert.Equal((0.75 + 1) / 2, figures.Cosine, 1e-12);
    }

    [Fact]
    public void From_NoOutputsAnywhere_IsNull()
    {
        Assert.Null(OutputFigures.From([], default));
        Assert.Null(OutputFigures.From(new OutputSums[3], default));
        Assert.Null(OutputFigures.From([Sums(0, 0, 5, 5)], default));
    }

    [Fact]
    public void From_DecodedOutputsOfZero_HasCosineZeroAndErrorOne()
    {
        OutputFigures figures = OutputFigures.From([Sums(0, 4, 0, 4)], default)!;
        Assert.Equal((0, 1), (figures.Cosine, figures.RelativeError));
    }

    [Fact]
    public void From_LoudAndQuietGroup_HessianCosineCountsThemAlike()
    {
        // Energies 1000 and 1: the quiet group's outputs are half as long as they should be and at right angles by a part.
        OutputFigures figures = OutputFigures.From([Sums(1000, 1000, 1000, 0), Sums(0.25, 1, 0.25, 0.75)], default)!;
        Assert.Equal(1.25 / Math.Sqrt(2 * 1.25), figures.HessianCosine, 1e-12);
        Assert.Equal(0.75, figures.Cosine, 1e-12);
    }

    [Fact]
    public void Add_Parts_SumsGroupByGroup()
    {
        OutputSums[] target = [Sums(1, 2, 3, 4), default];
        OutputSums.Add(target, [Sums(1, 1, 1, 1), Sums(5, 6, 7, 8)]);
        Assert.Equal([Sums(2, 3, 4, 5), Sums(5, 6, 7, 8)], target);
    }

    private static OutputSums Sums(double product, double original, double decoded, double error) =>
        new() { Product = product, Original = original, Decoded = decoded, Error = error };
}
