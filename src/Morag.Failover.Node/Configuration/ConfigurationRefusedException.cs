namespace Morag.Failover.Node.Configuration;

/// <summary>The node cannot start with these settings. The message is one line for the operator.</summary>
public sealed class ConfigurationRefusedException : Exception
{
    public ConfigurationRefusedException(string message)
        : base(message)
    {
    }

    public ConfigurationRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>A key has an invalid value.</summary>
    public static ConfigurationRefusedException Value(string key, string? value, string allowed) =>
        new($"{key} = {(value is null ? "(nothing)" : $"\"{OneLine(value)}\"")} is refused: {allowed}");

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
