using System.Collections.Immutable;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>Parses the tags of a worker.</summary>
internal static class WorkerTags
{
    /// <summary>Parses texts such as <c>site=home</c>. The first <c>=</c> ends the key.</summary>
    /// <exception cref="CommandFailure">A text has another form or is too long, a key is repeated, or there are too many tags.</exception>
    public static ImmutableSortedDictionary<string, string> Parse(string[]? given)
    {
        var tags = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var text in given ?? [])
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1
                || TextBytes.Of(text[..equals]) > WorkerLimits.MaxTextBytes
                || TextBytes.Of(text[(equals + 1)..]) > WorkerLimits.MaxTextBytes)
            {
                throw CommandFailure.Usage(
                    $"--tag must be KEY=VALUE with a non-empty key and at most {WorkerLimits.MaxTextBytes} bytes for each, not \"{text}\"");
            }

            if (!tags.TryAdd(text[..equals], text[(equals + 1)..]))
            {
                throw CommandFailure.Usage($"--tag has the key \"{text[..equals]}\" twice");
            }
        }

        return tags.Count <= WorkerLimits.MaxListEntries
            ? tags.ToImmutable()
            : throw CommandFailure.Usage($"--tag may be given at most {WorkerLimits.MaxListEntries} times, not {tags.Count}");
    }
}
