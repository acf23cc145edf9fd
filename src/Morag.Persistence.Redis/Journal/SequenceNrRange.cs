using System.Globalization;

namespace Morag.Persistence.Redis.Journal;

/// <summary>Ranges of sequence numbers in messages.</summary>
internal static class SequenceNrRange
{
    /// <summary>Formats a range, for example <c>event 7</c> or <c>events 7 to 9</c>.</summary>
    public static string Describe(long first, long last) => first == last
        ? string.Create(CultureInfo.InvariantCulture, $"event {first}")
        : string.Create(CultureInfo.InvariantCulture, $"events {first} to {last}");
}
