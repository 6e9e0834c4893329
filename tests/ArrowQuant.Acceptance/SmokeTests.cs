namespace ArrowQuant.Acceptance;
public sealed class SmokeTests
{
    [Fact]
    public void One() => Assert.Equal(2, 1 + 1);
    [Fact, Trait("Category", "Slow")]
    public void Two() => Assert.Equal(2, 1 + 1);
}
