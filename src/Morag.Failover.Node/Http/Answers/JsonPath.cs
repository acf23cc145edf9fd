namespace Morag.Failover.Node.Http.Answers;

/// <summary>The names of fields in problem details: <c>registration.hardware.cpu_cores</c>, <c>[3].queue</c>.</summary>
internal static class JsonPath
{
    public static string Join(string at, string field) => at.Length == 0 ? field : $"{at}.{field}";

    public static string Item(string at, int index) => $"{at}[{index}]";

    /// <summary>The same without the <c>$</c> that System.Text.Json begins with; null for the whole body.</summary>
    public static string? Relative(string? path) => path switch
    {
        null or "$" => null,
        _ when path.StartsWith("$.", StringComparison.Ordinal) => path[2..],
        _ when path.StartsWith('$') => path[1..],
        _ => path,
    };
}
