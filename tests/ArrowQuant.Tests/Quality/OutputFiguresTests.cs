using ArrowQuant.Quality;

namespace ArrowQuant.Tests.Quality;

public sealed class OutputFiguresTests
{
    [Fact]
    public void From_GroupsWithoutRows_DoNotCount()
    {
        OutputSums[] sums = [Sums(3, 4, 4, 2), default, Sums(10, 10, 10, 0)];
        OutputFigures figures = OutputFigures.From(sums)!;
        Assert.Equal([0.5, null, 0], figures.ErrorOfGroup);
        Assert.Equal([0.5, 0], figures.GroupErrors);
        Assert.Equal(0.25, figures.RelativeError);
        Assert.Equal(0.5, figures.WorstError);
        Assert.Equal((0.75 + 1) / 2, figures.Cosine, 1e-12);
    }

    [Fact]
    public void From_NoOutputsAnywhere_IsNull()
    {
        Assert.Null(OutputFigures.From([]));
        Assert.Null(OutputFigures.From(new OutputSums[3]));
        Assert.Null(OutputFigures.From([Sums(0, 0, 5, 5)]));
    }

    [Fact]
    public void From_DecodedOutputsOfZero_HasCosineZeroAndErrorOne()
    {
        OutputFigures figures = OutputFigures.From([Sums(0, 4, 0, 4)])!;
        Assert.Equal((0, 1), (figures.Cosine, figures.RelativeError));
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
