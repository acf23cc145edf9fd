using System.Collections.Immutable;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>The tags that an agent is started with.</summary>
internal static class WorkerTags
{
    /// <summary>Reads texts such as <c>site=home</c>; the value is all that follows the first <c>=</c>.</summary>
    /// <exception cref="CommandFailure">One is not of that form, is too long, or has the key of another.</exception>
    public static ImmutableSortedDictionary<string, string> Parse(string[]? given)
    {
        var tags = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var text in given ?? [])
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || TextBytes.Of(text[..equals]) > WorkerLimits.MaxTextBytes || TextBytes.Of(text[(equals + 1)..]) > WorkerLimits.MaxTextBytes)
            {
                throw CommandFailure.Usage(
                    $"--tag must be KEY=VALUE, with a key that is not empty and at most {WorkerLimits.MaxTextBytes} bytes in UTF-8 each, "
                    + $"not \"{text}\"");
            }

            if (!tags.TryAdd(text[..equals], text[(equals + 1)..]))
            {
                throw CommandFailure.Usage($"--tag: the key \"{text[..equals]}\" is given twice");
            }
        }

        return tags.Count <= WorkerLimits.MaxListEntries
            ? tags.ToImmutable()
            : throw CommandFailure.Usage($"--tag: at most {WorkerLimits.MaxListEntries} may be given, not {tags.Count}");
    }
}
