using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Morag.Failover.Contracts.Failover;

/// <summary>The opaque text of a position in a list that is ordered by time and id.</summary>
public static class PlaceText
{
    private const int MaxLength = 512;

    /// <summary>The text of a position.</summary>
    public static string Of(DateTimeOffset at, string id) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{at.UtcTicks} {id}")));

    /// <summary>The position that a text stands for; null if the text is invalid.</summary>
    public static (DateTimeOffset At, string Id)? Parse(string text) =>
        text.Length <= MaxLength
        && Base64Url.IsValid(text)
        && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(' ', 2) is [var ticks, var id]
        && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
        && at <= DateTimeOffset.MaxValue.UtcTicks
        && id.Length > 0
            ? (new DateTimeOffset(at, TimeSpan.Zero), id)
            : null;
}
