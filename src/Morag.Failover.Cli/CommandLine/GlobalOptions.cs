using System.CommandLine;
using System.Security.Cryptography;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>The options of every command.</summary>
internal sealed class GlobalOptions
{
    public const string DefaultNode = "http://127.0.0.1:8080";

    private readonly List<FailedAttempt> passedOver = [];

    public Option<string[]> Node { get; } = new("--node")
    {
        Description = $"Addresses of nodes, comma-separated (repeatable, env MORAG_NODE, default {DefaultNode})",
        Recursive = true,
    };

    public Option<string> Token { get; } = new("--token")
    {
        Description = "Bearer token (env MORAG_TOKEN)",
        Recursive = true,
    };

    public Option<string> TokenFile { get; } = new("--token-file")
    {
        Description = "File with the bearer token, read again when the token is rejected (env MORAG_TOKEN_FILE)",
        Recursive = true,
    };

    public Option<string> Authority { get; } = new("--ca")
    {
        Description = "File with the certificates of the authorities (PEM) to trust for https nodes (env MORAG_CA)",
        Recursive = true,
    };

    public Option<string> Output { get; } = new Option<string>("--output", "-o")
    {
        Description = "Output format: table, json or csv (lists only)",
        Recursive = true,
        DefaultValueFactory = _ => "table",
    }.AcceptOnlyFromAmong("table", "json", "csv");

    public void AddTo(Command root)
    {
        root.Add(Node);
        root.Add(Token);
        root.Add(TokenFile);
        root.Add(Authority);
        root.Add(Output);
    }

    public bool AsJson(ParseResult parsed) => parsed.GetValue(Output) == "json";

    public bool AsCsv(ParseResult parsed) => parsed.GetValue(Output) == "csv";

    /// <summary>The node that answered an earlier call of this command, which further calls try first; null if none did.</summary>
    public Uri? Reached { get; set; }

    /// <summary>The addresses that the user gave; empty for the default.</summary>
    public IReadOnlyList<string> GivenNodes(ParseResult parsed) =>
        Split(parsed.GetValue(Node) ?? []) is { Count: > 0 } given ? given : Split([Environment("MORAG_NODE") ?? ""]);

    /// <summary>The addresses that answered, but not as a node does. Later calls of this command leave them out.</summary>
    public IReadOnlyList<FailedAttempt> PassedOver => passedOver;

    /// <summary>Whether the calls carry a token.</summary>
    public bool HasToken { get; private set; }

    public NodeConnection Connect(ParseResult parsed)
    {
        var given = Addresses(parsed);
        var left = Array.FindAll(given, node => !passedOver.Exists(foreign => foreign.Node == node));
        return Connect(parsed, (left.Length > 0 ? left : given).OrderByDescending(node => node == Reached));
    }

    /// <summary>Connects to the first address that the user gave, and to no other.</summary>
    public NodeConnection ConnectToFirst(ParseResult parsed) => Connect(parsed, Addresses(parsed).Take(1));

    /// <summary>Asks the addresses in turn until one answers as a node does.</summary>
    /// <exception cref="NotANode">None of them does, and the last one answered.</exception>
    public async Task<T> AskAnyAsync<T>(ParseResult parsed, Func<NodeConnection, Task<T>> ask)
    {
        while (true)
        {
            using var node = Connect(parsed);
            try
            {
                var answer = await ask(node);
                Reached = node.Node;
                return answer;
            }
            catch (NotANode foreign) when (node.Addresses.Any(address => address.Url != foreign.Attempt.Node))
            {
                passedOver.Add(foreign.Attempt);
            }
        }
    }

    public BearerToken ReadToken(ParseResult parsed)
    {
        if (parsed.GetValue(Token) is { } given)
        {
            return Checked(BearerToken.Fixed(given), "--token");
        }

        if ((parsed.GetValue(TokenFile) ?? Environment("MORAG_TOKEN_FILE")) is { } file)
        {
            try
            {
                return Checked(BearerToken.FromFile(file), $"the token in the file {file}");
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw CommandFailure.Usage($"cannot read the token file: {failure.Message}");
            }
        }

        return Environment("MORAG_TOKEN") is { } token ? Checked(BearerToken.Fixed(token), "MORAG_TOKEN") : BearerToken.None;
    }

    // The message must not contain the token.
    private static BearerToken Checked(BearerToken token, string name) =>
        BearerToken.IsValid(token.Current!) ? token : throw CommandFailure.Usage($"{name} {BearerToken.Rule}");

    private NodeTrust ReadTrust(ParseResult parsed)
    {
        if ((parsed.GetValue(Authority) ?? Environment("MORAG_CA")) is not { } file)
        {
            return NodeTrust.Machine;
        }

        try
        {
            return NodeTrust.FromFile(file);
        }
        catch (Exception failure) when (
            failure is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw CommandFailure.Usage($"cannot read the authorities of --ca: {failure.Message}");
        }
    }

    public static Uri ParseNode(string text)
    {
        var full = text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text;
        if (!Uri.TryCreate(full, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw CommandFailure.Usage($"--node must be an address such as {DefaultNode}, not \"{text}\"");
        }

        // It may be a password, so the message must not contain it.
        if (address.UserInfo.Length > 0)
        {
            throw CommandFailure.Usage(
                $"--node must not contain a user name or password before {address.Authority}. Give a token with --token or --token-file");
        }

        return address is { AbsolutePath: "/", Query: "", Fragment: "" }
            ? new Uri(address.GetLeftPart(UriPartial.Authority) + "/")
            : throw CommandFailure.Usage(
                $"--node must be an address without a path or query, such as {address.GetLeftPart(UriPartial.Authority)}, not \"{text}\"");
    }

    private Uri[] Addresses(ParseResult parsed) =>
        [.. (GivenNodes(parsed) is { Count: > 0 } some ? some : [DefaultNode]).Select(ParseNode)];

    private NodeConnection Connect(ParseResult parsed, IEnumerable<Uri> addresses)
    {
        var token = ReadToken(parsed);
        HasToken = token.Current is not null;
        return new(addresses, token, TimeProvider.System, ReadTrust(parsed));
    }

    private static List<string> Split(IEnumerable<string> texts) =>
        [.. texts.SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    private static string? Environment(string name) =>
        System.Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
