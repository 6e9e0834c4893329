using System.Reflection;
using System.Runtime.CompilerServices;

namespace ArrowQuant.Acceptance.Api;

/// <summary>Prints what an assembly shows to its users: one line per type and member, sorted, with names as C# spells them.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // What every record has: its members follow from the properties that are listed.
    private static readonly string[] OfRecords =
        ["<Clone>$", "Equals", "GetHashCode", "ToString", "PrintMembers", "Deconstruct", "op_Equality", "op_Inequality",
            "EqualityContract"];

    public static string Of(Assembly assembly) => string.Concat(assembly.GetExportedTypes()
        .OrderBy(type => type.FullName, StringComparer.Ordinal)
        .SelectMany(type => LinesOf(type).Append(""))
        .Select(line => line + "\n"));

    private static IEnumerable<string> LinesOf(Type type)
    {
        yield return $"{KindOf(type)} {NameOf(type)}{BasesOf(type)}";
        if (type.IsEnum)
        {
            foreach (object value in Enum.GetValues(type)) yield return $"    {value} = {Convert.ToInt64(value)}";
            yield break;
        }

        bool isRecord = IsRecord(type);
        IEnumerable<string> members = type.GetMembers(Declared)
            .Where(member => !(isRecord && OfRecords.Contains(member.Name)))
            .Select(LineOf).OfType<string>();
        foreach (string line in members.Order(StringComparer.Ordinal)) yield return "    " + line;
    }

    private static string? LineOf(MemberInfo member) => member switch
    {
        FieldInfo { IsPublic: true } field =>
            $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{NameOf(field.FieldType)} {field.Name}{ValueOf(field)}",
        PropertyInfo property when IsVisible(property.GetMethod) || IsVisible(property.SetMethod) =>
            $"{Modifiers((property.GetMethod ?? property.SetMethod)!)}{NameOf(property.PropertyType)} {property.Name} "
                + $"{{ {AccessorsOf(property)} }}",
        ConstructorInfo constructor when IsVisible(constructor) && !IsCopy(constructor) =>
            $"{NameOf(constructor.DeclaringType!)}({ParametersOf(constructor)})",
        MethodInfo { IsSpecialName: false } method when IsVisible(method) =>
            $"{Modifiers(method)}{NameOf(method.ReturnType)} {method.Name}{GenericsOf(method)}({ParametersOf(method)})",
        EventInfo happening when IsVisible(happening.AddMethod) => $"event {NameOf(happening.EventHandlerType!)} {happening.Name}",
        _ => null,
    };

    private static string KindOf(Type type)
    {
        if (type.IsEnum) return "enum";
        if (type.IsInterface) return "interface";
        string record = IsRecord(type) ? "record " : "";
        if (type.IsValueType) return $"{(type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "")}{record}struct";
        string openness = type is { IsAbstract: true, IsSealed: true }
            ? "static "
            : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "";
        return openness + (record.Length > 0 ? "record" : "class");
    }

    private static string BasesOf(Type type)
    {
        if (type.IsEnum) return "";
        IEnumerable<Type> bases = type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) ? [parent] : [];
        IEnumerable<Type> contracts = type.GetInterfaces()
            .Where(i => !i.Name.StartsWith("IEquatable", StringComparison.Ordinal) && i.IsPublic)
            .Except(type.BaseType?.GetInterfaces() ?? []).OrderBy(i => i.FullName, StringComparer.Ordinal);
        string[] names = [.. bases.Concat(contracts).Select(NameOf)];
        return names.Length == 0 ? "" : " : " + string.Join(", ", names);
    }

    private static string AccessorsOf(PropertyInfo property)
    {
        string get = IsVisible(property.GetMethod) ? "get; " : "";
        bool isInit = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        string set = IsVisible(property.SetMethod) ? isInit ? "init; " : "set; " : "";
        return (get + set + (property.IsDefined(typeof(RequiredMemberAttribute)) ? "required; " : "")).TrimEnd();
    }

    private static string ParametersOf(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        (parameter.IsOut ? "out " : parameter.IsIn ? "in " : parameter.ParameterType.IsByRef ? "ref " : "")
        + $"{NameOf(parameter.ParameterType)} {parameter.Name}"
        + (parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "default"}" : "")));

    private static string NameOf(Type type)
    {
        if (type.IsByRef) return NameOf(type.GetElementType()!);
        if (type.IsArray) return NameOf(type.GetElementType()!) + "[]";
        if (Nullable.GetUnderlyingType(type) is { } inner) return NameOf(inner) + "?";
        if (type.IsGenericParameter) return type.Name;
        string name = type.Namespace?.StartsWith("ArrowQuant", StringComparison.Ordinal) == true ? type.FullName ?? type.Name : type.Name;
        if (!type.IsGenericType) return name;
        return $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";
    }

    private static string GenericsOf(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(NameOf))}>" : "";

    private static string Modifiers(MethodBase method) =>
        (method.IsFamily ? "protected " : "") + (method.IsStatic ? "static " : method.IsAbstract ? "abstract " : "");

    private static string ValueOf(FieldInfo field) => field.IsLiteral ? $" = {field.GetRawConstantValue()}" : "";

    private static bool IsVisible(MethodBase? method) => method is { IsPublic: true } or { IsFamily: true } or { IsFamilyOrAssembly: true };

    private static bool IsCopy(ConstructorInfo constructor) =>
        IsRecord(constructor.DeclaringType!) && constructor.GetParameters() is [var only]
            && only.ParameterType == constructor.DeclaringType;

    private static bool IsRecord(Type type) => type.GetMethod("PrintMembers", Declared) is not null;
}
