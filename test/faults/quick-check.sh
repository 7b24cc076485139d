# Stands for the image of the checks where the operator is what is tested: it writes the document of a health check, "Failed" while
# <folder>/<namespace>.<target> is there. $1 is the folder.
input=$ASHAT_CHECK_INPUT
namespace=${input#*\"namespace\":\"} && namespace=${namespace%%\"*}
target=${input#*\"name\":\"} && target=${target%%\"*}
verdict=Passed
[ -e "$1/$namespace.$target" ] && verdict=Failed
printf '{"category":"Health Check","verdict":"%s","message":"the stand-in says %s","asserted":["it was asked"],"measurements":{},"startedAt":"2026-01-01T00:00:00.000Z","durationMs":1}' \
  "$verdict" "$verdict" > "$ASHAT_TERMINATION_LOG"
