namespace ArrowQuant.Tests.Architecture;

public sealed class TypeRulesTests
{
    [Fact]
    public void StaticState_FieldOrSetter_IsFound()
    {
        Assert.Equal(2, TypeRules.StaticState(typeof(Changing)).Count());
        Assert.Empty(TypeRules.StaticState(typeof(Constant)));
    }

    [Theory]
    [InlineData(typeof(ThingManager), 1)]
    [InlineData(typeof(Changing), 0)]
    public void Name_SaysNothing_IsFound(Type type, int problems) => Assert.Equal(problems, TypeRules.Name(type).Count());

    [Theory]
    [InlineData(typeof(Open), 1)]
    [InlineData(typeof(TypeRulesTests), 0)]
    [InlineData(typeof(IComparable), 0)]
    [InlineData(typeof(Math), 0)]
    [InlineData(typeof(Stream), 0)]
    [InlineData(typeof(int), 0)]
    [InlineData(typeof(Constant), 0)]
    public void Openness_PublicClassThatCanBeDerived_IsFound(Type type, int problems) =>
        Assert.Equal(problems, TypeRules.Openness(type).Count());

#pragma warning disable CS0649, CS0169, CA1823, IDE0044, IDE0051, CA1802 // members that exist to be found
    public class Open;

    internal static class Changing
    {
        internal static int Field;

        internal static int Property { get; set; }
    }

    internal static class Constant
    {
        internal const int Literal = 1;
        internal static readonly int Field = 2;

        internal static int Property { get; } = 3;
    }

    internal sealed class ThingManager;
#pragma warning restore CS0649, CS0169, CA1823, IDE0044, IDE0051, CA1802
}
