using System.CommandLine;
using Morag.Failover.Cli.Connection;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>The options that every command takes.</summary>
internal sealed class GlobalOptions
{
    public const string DefaultNode = "http://127.0.0.1:8080";

    public Option<string> Node { get; } = new("--node")
    {
        Description = $"The address of a node (MORAG_NODE, default {DefaultNode})",
        Recursive = true,
    };

    public Option<string> Token { get; } = new("--token")
    {
        Description = "The bearer token (MORAG_TOKEN)",
        Recursive = true,
    };

    public Option<string> TokenFile { get; } = new("--token-file")
    {
        Description = "A file with the bearer token (MORAG_TOKEN_FILE), read again when a call is refused for its token",
        Recursive = true,
    };

    public Option<string> Output { get; } = new Option<string>("--output", "-o")
    {
        Description = "table for people, json for scripts",
        Recursive = true,
        DefaultValueFactory = _ => "table",
    }.AcceptOnlyFromAmong("table", "json");

    public void AddTo(Command root)
    {
        root.Add(Node);
        root.Add(Token);
        root.Add(TokenFile);
        root.Add(Output);
    }

    public bool AsJson(ParseResult parsed) => parsed.GetValue(Output) == "json";

    /// <summary>The address as it was given, or null where none was.</summary>
    public string? GivenNode(ParseResult parsed) => parsed.GetValue(Node) ?? Environment("MORAG_NODE");

    public NodeConnection Connect(ParseResult parsed) => new(NodeAddress(GivenNode(parsed) ?? DefaultNode), ReadToken(parsed));

    public Token ReadToken(ParseResult parsed)
    {
        if (parsed.GetValue(Token) is { } given)
        {
            return Connection.Token.Fixed(given);
        }

        if ((parsed.GetValue(TokenFile) ?? Environment("MORAG_TOKEN_FILE")) is { } file)
        {
            try
            {
                return Connection.Token.FromFile(file);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw CommandFailure.Usage($"token-file: {failure.Message}");
            }
        }

        return Environment("MORAG_TOKEN") is { } token ? Connection.Token.Fixed(token) : Connection.Token.None;
    }

    public static Uri NodeAddress(string text) =>
        Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out var address)
        && address.Scheme is "http" or "https"
            ? address
            : throw CommandFailure.Usage($"node: \"{text}\" is no address such as {DefaultNode}");

    private static string? Environment(string name) =>
        System.Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
