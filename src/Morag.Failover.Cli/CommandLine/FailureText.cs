using System.Net;
using System.Security.Authentication;
using System.Text.RegularExpressions;
using Morag.Failover.Cli.Palettes;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>What a failed command says about the failure, and its exit code.</summary>
internal static partial class FailureText
{
    private const string WhatNext = "Start a node, or give its address with --node or MORAG_NODE";

    /// <summary>The message in one line.</summary>
    /// <param name="failure">What went wrong.</param>
    /// <param name="globals">The addresses that were passed over before, and whether there is a token.</param>
    public static string Of(Exception failure, GlobalOptions globals)
    {
        FailedAttempt[] attempts = [.. globals.PassedOver, .. Attempts(failure)];
        var addresses = string.Join(", ", attempts.Select(Readable).Distinct());
        return Cell.Safe(failure switch
        {
            NodeRefused { Problem: { IsFromNode: true, Status: HttpStatusCode.Unauthorized } } when !globals.HasToken =>
                "the node needs a token. Give one with --token, --token-file or MORAG_TOKEN",
            NodeRefused { Problem: { IsFromNode: true, Status: HttpStatusCode.Unauthorized } } =>
                "the node rejected the token. Give a valid one with --token, --token-file or MORAG_TOKEN",
            NodeRefused { Problem.IsFromNode: false } => $"no Morag node answers at {addresses}. {WhatNext}",
            NotANode => $"no Morag node answers at {addresses}. {WhatNext}",
            NodeUnreachable when Array.Exists(attempts, attempt => IsUntrusted(attempt.Cause)) =>
                $"no node answers at {addresses}. Give the authority of its certificate with --ca or MORAG_CA, and call the node by a name "
                + "that its certificate has",
            NodeUnreachable => $"no node answers at {addresses}. {WhatNext}",
            NodeRefused { Problem.IsTransient: true } refused => $"{refused.Message} (it is safe to retry)",
            _ => failure.Message,
        });
    }

    public static int ExitCodeOf(Exception failure) => failure switch
    {
        CommandFailure known => known.ExitCode,
        TokenExposed => ExitCode.Usage,
        NodeUnreachable or NotANode => ExitCode.Unreachable,
        NodeRefused refused => ExitCode.Of(refused.Problem),
        _ => ExitCode.NodeError,
    };

    // Of a web page, only the title says something in a line.
    private static string Readable(FailedAttempt attempt)
    {
        var text = attempt.ToString();
        if (Page().Match(text) is not { Success: true } page)
        {
            return text;
        }

        var title = Title().Match(text);
        return $"{text[..page.Index]}a web page{(title.Success ? $" \"{title.Groups[1].Value.Trim()}\"" : "")})";
    }

    private static IReadOnlyList<FailedAttempt> Attempts(Exception failure) => failure switch
    {
        NodeUnreachable unreachable => unreachable.Attempts,
        NodeRefused refused => refused.Attempts,
        NotANode foreign => [foreign.Attempt],
        _ => [],
    };

    private static bool IsUntrusted(Exception failure) =>
        failure is AuthenticationException || (failure.InnerException is { } cause && IsUntrusted(cause));

    [GeneratedRegex("<(!doctype|html|head|body|\\?xml)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Page();

    [GeneratedRegex("<title>([^<]*)</title>", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Title();
}
