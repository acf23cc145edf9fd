namespace Morag.Failover.Contracts.Wire;

/// <summary>The names of enum values on the wire, in logs and in texts: snake_case, such as <c>resource_exhaustion</c>.</summary>
public static class WireName
{
    /// <summary>The wire name of a value. A value that the enum does not define gives its number.</summary>
    public static string Of<TEnum>(TEnum value)
        where TEnum : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>The wire names of all values of an enum, in ascending order of the values.</summary>
    public static IEnumerable<string> All<TEnum>()
        where TEnum : struct, Enum => Enum.GetValues<TEnum>().Select(Of);
}
